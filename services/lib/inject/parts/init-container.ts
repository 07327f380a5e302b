import {
  and,
  atLeast,
  choose,
  type Deferred,
  defaultTo,
  eq,
  fieldOf,
  forEach,
  isSet,
  type ListPart,
  not,
  or,
  type Tree,
  text,
  type Value,
  type Whole,
  when,
} from '#lib/expr';
import type { Container, SecurityContext } from '#lib/resources';
import { PROXY_INIT_CONTAINER } from '../../../proxy/contract.ts';
import { FLAG } from '../../../proxy-init/contract.ts';
import type { CapabilitiesValues, InjectValues } from '../values.ts';
import { buildImage, buildResources } from './image.ts';
import type { PodTraits } from './pod-traits.ts';

export const PROXY_INIT_COMMAND = '/usr/lib/linkerd/linkerd2-proxy-init';

/** What iptables needs. */
const NETWORK_CAPABILITIES: readonly string[] = ['NET_ADMIN', 'NET_RAW'];
const NOBODY = 65_534;

/** The container that redirects the pod's traffic. Source: facts sheet injection, section 3. */
export function buildInitContainer(values: Deferred<InjectValues>, traits: PodTraits): Tree<Container> {
  const { xtMountPath } = values.proxyInit;
  return {
    name: PROXY_INIT_CONTAINER,
    ...buildImage(values, values.proxy.image),
    command: [PROXY_INIT_COMMAND],
    args: buildInitArgs(values),
    resources: buildResources(values.proxy.resources),
    securityContext: buildSecurityContext(values, traits),
    terminationMessagePolicy: 'FallbackToLogsOnError',
    volumeMounts: [{ name: xtMountPath.name, mountPath: xtMountPath.mountPath }, traits.serviceAccountMount],
  };
}

/** The arguments of linkerd-init: pairs of a flag and its value. */
export function buildInitArgs(values: Deferred<InjectValues>): readonly ListPart<string>[] {
  const { proxy, proxyInit } = values;
  const ownPorts = text`${proxy.ports.control},${proxy.ports.admin}`;
  const ignoreInbound = proxyInit.ignoreInboundPorts;
  const allIgnored = choose(isSet(ignoreInbound), text`${ownPorts},${ignoreInbound}`, ownPorts);
  const isNft = eq(proxyInit.iptablesMode, 'nft');
  const closeWaitSecs = proxyInit.closeWaitTimeoutSecs;
  return [
    when(isNft, setFlag(FLAG.firewallBinPath, 'iptables-nft')),
    when(isNft, setFlag(FLAG.firewallSaveBinPath, 'iptables-nft-save')),
    when(isSet(values.disableIPv6), `--${FLAG.ipv6}=false`),
    setFlag(FLAG.incomingProxyPort, proxy.ports.inbound),
    setFlag(FLAG.outgoingProxyPort, proxy.ports.outbound),
    setFlag(FLAG.proxyUid, proxy.uid),
    when(atLeast(proxy.gid, 0), setFlag(FLAG.proxyGid, proxy.gid)),
    setFlag(FLAG.inboundPortsToIgnore, allIgnored),
    setFlagIfAny(FLAG.outboundPortsToIgnore, proxyInit.ignoreOutboundPorts),
    when(atLeast(closeWaitSecs, 1), setFlag(FLAG.timeoutCloseWaitSecs, closeWaitSecs)),
    setFlagIfAny(FLAG.logFormat, proxyInit.logFormat),
    setFlagIfAny(FLAG.logLevel, proxyInit.logLevel),
    setFlagIfAny(FLAG.subnetsToIgnore, proxyInit.skipSubnets),
  ];
}

function setFlag(flag: string, value: Value<string | number>): readonly Value<string>[] {
  return [`--${flag}`, text`${value}`];
}

/** An empty value leaves the flag out. */
function setFlagIfAny(flag: string, value: Value<string>): ListPart<string> {
  return when(isSet(value), setFlag(flag, value));
}

function buildSecurityContext(
  { proxyInit }: Deferred<InjectValues>,
  traits: PodTraits,
): Tree<SecurityContext> {
  const isPrivileged = or(atLeast(proxyInit.closeWaitTimeoutSecs, 1), isSet(proxyInit.privileged));
  const isRoot = isSet(proxyInit.runAsRoot);
  return {
    allowPrivilegeEscalation: isPrivileged,
    capabilities: buildCapabilities(proxyInit.capabilities, traits.capabilities),
    privileged: isPrivileged,
    readOnlyRootFilesystem: true,
    runAsGroup: choose(isRoot, 0, defaultTo(proxyInit.runAsGroup, NOBODY)),
    runAsNonRoot: not(isRoot),
    runAsUser: choose(isRoot, 0, defaultTo(proxyInit.runAsUser, NOBODY)),
    seccompProfile: { type: 'RuntimeDefault' },
  };
}

type GivenCapabilities = Value<Whole<CapabilitiesValues> | null | undefined>;

/** What iptables needs is added, and never dropped, whatever the values and the pod's first container say besides. */
function buildCapabilities(
  given: GivenCapabilities,
  primary: CapabilitiesValues = {},
): Tree<CapabilitiesValues> {
  const isOther = (capability: string) => !NETWORK_CAPABILITIES.includes(capability);
  const added = [...new Set(primary.add)].filter(isOther);
  const dropped = (primary.drop ?? []).filter(isOther);
  const drop = listGiven(given, 'drop');
  return {
    add: [...NETWORK_CAPABILITIES, ...added, listGiven(given, 'add').others],
    drop: dropped.includes('ALL')
      ? dropped
      : when(or(dropped.length > 0, drop.isAny), [...dropped, drop.others]),
  };
}

function listGiven(
  given: GivenCapabilities,
  key: 'add' | 'drop',
): { readonly isAny: Value<boolean>; readonly others: ListPart<string> } {
  const list = fieldOf(given as Value<CapabilitiesValues>, key, 'list');
  const isAny = and(isSet(given), isSet(list));
  const others = forEach(
    list,
    (capability) => {
      const isForNetwork = or(...NETWORK_CAPABILITIES.map((name) => eq(capability, name)));
      return when(not(isForNetwork), capability);
    },
    'string',
  );
  return { isAny, others: when(isAny, others) };
}
