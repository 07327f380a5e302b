import type { Container, PodTemplate, SecurityContext, VolumeMount } from '#lib/resources';
import { PROXY_INIT_CONTAINER } from '../../proxy/contract.ts';
import { FLAG } from '../../proxy-init/contract.ts';
import { buildImage, buildResources } from './image.ts';
import { findServiceAccountMount } from './service-account-mount.ts';
import type { InjectValues } from './values.ts';

export const PROXY_INIT_COMMAND = '/usr/lib/linkerd/linkerd2-proxy-init';

/** What iptables needs; never dropped, whatever the pod's own containers drop. */
const NETWORK_CAPABILITIES = ['NET_ADMIN', 'NET_RAW'];
const NOBODY = 65_534;

/** The container that redirects the pod's traffic. Source: facts sheet injection, section 3. */
export function buildInitContainer(values: InjectValues, pod: PodTemplate): Container {
  const { xtMountPath } = values.proxyInit;
  const serviceAccount = findServiceAccountMount(pod.spec);
  const mounts: VolumeMount[] = [{ name: xtMountPath.name, mountPath: xtMountPath.mountPath }];
  if (serviceAccount !== undefined) mounts.push(serviceAccount);
  return {
    name: PROXY_INIT_CONTAINER,
    ...buildImage(values, values.proxy.image),
    command: [PROXY_INIT_COMMAND],
    args: buildInitArgs(values),
    ...buildResources(values.proxy.resources),
    securityContext: buildSecurityContext(values, pod),
    terminationMessagePolicy: 'FallbackToLogsOnError',
    volumeMounts: mounts,
  };
}

/** The arguments of linkerd-init: pairs of a flag and its value. */
export function buildInitArgs(values: InjectValues): string[] {
  const { proxy, proxyInit } = values;
  const ownPorts = `${proxy.ports.control},${proxy.ports.admin}`;
  const ignoreInbound = proxyInit.ignoreInboundPorts;
  const isNft = proxyInit.iptablesMode === 'nft';
  const closeWaitSecs = proxyInit.closeWaitTimeoutSecs;
  return [
    ...setFlag(FLAG.firewallBinPath, isNft ? 'iptables-nft' : ''),
    ...setFlag(FLAG.firewallSaveBinPath, isNft ? 'iptables-nft-save' : ''),
    ...(values.disableIPv6 ? [`--${FLAG.ipv6}=false`] : []),
    ...setFlag(FLAG.incomingProxyPort, proxy.ports.inbound),
    ...setFlag(FLAG.outgoingProxyPort, proxy.ports.outbound),
    ...setFlag(FLAG.proxyUid, proxy.uid),
    ...setFlag(FLAG.proxyGid, proxy.gid >= 0 ? proxy.gid : ''),
    ...setFlag(FLAG.inboundPortsToIgnore, ignoreInbound === '' ? ownPorts : `${ownPorts},${ignoreInbound}`),
    ...setFlag(FLAG.outboundPortsToIgnore, proxyInit.ignoreOutboundPorts),
    ...setFlag(FLAG.timeoutCloseWaitSecs, closeWaitSecs > 0 ? closeWaitSecs : ''),
    ...setFlag(FLAG.logFormat, proxyInit.logFormat),
    ...setFlag(FLAG.logLevel, proxyInit.logLevel),
    ...setFlag(FLAG.subnetsToIgnore, proxyInit.skipSubnets),
  ];
}

/** An empty value leaves the flag out. */
function setFlag(flag: string, value: string | number): string[] {
  return value === '' ? [] : [`--${flag}`, String(value)];
}

function buildSecurityContext({ proxyInit }: InjectValues, pod: PodTemplate): SecurityContext {
  const privileged = proxyInit.closeWaitTimeoutSecs > 0 || proxyInit.privileged;
  const { runAsRoot } = proxyInit;
  return {
    allowPrivilegeEscalation: privileged,
    capabilities: buildCapabilities(pod.spec.containers[0]?.securityContext?.capabilities),
    privileged,
    readOnlyRootFilesystem: true,
    runAsGroup: runAsRoot ? 0 : proxyInit.runAsGroup || NOBODY,
    runAsNonRoot: !runAsRoot,
    runAsUser: runAsRoot ? 0 : proxyInit.runAsUser || NOBODY,
    seccompProfile: { type: 'RuntimeDefault' },
  };
}

function buildCapabilities(
  primary: SecurityContext['capabilities'],
): NonNullable<SecurityContext['capabilities']> {
  const add = [...new Set([...NETWORK_CAPABILITIES, ...(primary?.add ?? [])])];
  const drop = (primary?.drop ?? []).filter((capability) => !NETWORK_CAPABILITIES.includes(capability));
  return drop.length === 0 ? { add } : { add, drop };
}
