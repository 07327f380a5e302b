import type { EndpointSlice, Service } from '#lib/resources';
import { hashName, keyOf } from './names.ts';

export interface NatInput {
  /** Services with their cluster IPs filled in. */
  readonly services: readonly Service[];
  readonly slices: ReadonlyMap<string, readonly EndpointSlice[]>;
  readonly serviceCidr: string;
  /** The node's own address, the source of what a pod sends to itself through a cluster IP. */
  readonly nodeIp: string;
}

interface Forward {
  readonly clusterIp: string;
  readonly protocol: 'tcp' | 'udp';
  readonly port: number;
  readonly name: string;
  /** `ip:port` of each ready endpoint. */
  readonly targets: readonly string[];
}

/**
 * The whole tables of the node as input of `iptables-restore`: every cluster IP and port leads to one of its
 * ready endpoints, each with the same chance; one without any is refused, as kube-proxy does it.
 */
export function renderNatTables(input: NatInput): string {
  const forwards = input.services.flatMap((service) =>
    buildForwards(service, input.slices.get(keyOf(service)) ?? []),
  );
  const served = forwards.filter((forward) => forward.targets.length > 0);
  const pods = [
    ...new Set(served.flatMap((forward) => forward.targets.map((target) => target.split(':')[0] ?? ''))),
  ];
  return [
    '*nat',
    ':PREROUTING ACCEPT [0:0]',
    ':INPUT ACCEPT [0:0]',
    ':OUTPUT ACCEPT [0:0]',
    ':POSTROUTING ACCEPT [0:0]',
    ...served.map((forward) => `:${chainOf(forward)} - [0:0]`),
    ...served.flatMap(renderForward),
    // A pod that reaches itself would otherwise answer itself, past the translation.
    ...pods.sort().map((ip) => `-A POSTROUTING -s ${ip}/32 -d ${ip}/32 -j SNAT --to-source ${input.nodeIp}`),
    'COMMIT',
    '*filter',
    ':INPUT ACCEPT [0:0]',
    ':FORWARD ACCEPT [0:0]',
    ':OUTPUT ACCEPT [0:0]',
    `-A FORWARD -p tcp -d ${input.serviceCidr} -j REJECT --reject-with tcp-reset`,
    `-A FORWARD -d ${input.serviceCidr} -j REJECT`,
    'COMMIT',
    '',
  ].join('\n');
}

function buildForwards(service: Service, slices: readonly EndpointSlice[]): Forward[] {
  const { clusterIP } = service.spec;
  if (clusterIP === undefined || clusterIP === 'None' || clusterIP === '') return [];
  return (service.spec.ports ?? []).flatMap((port): Forward[] => {
    const protocol = (port.protocol ?? 'TCP').toLowerCase();
    if (protocol !== 'tcp' && protocol !== 'udp') return [];
    const targets = slices.flatMap((slice) => readyTargets(slice, port.name ?? ''));
    return [{ clusterIp: clusterIP, protocol, port: port.port, name: keyOf(service), targets }];
  });
}

function readyTargets(slice: EndpointSlice, portName: string): string[] {
  const port = slice.ports?.find((candidate) => (candidate.name ?? '') === portName)?.port;
  if (port === undefined) return [];
  return slice.endpoints
    .filter((endpoint) => endpoint.conditions?.ready !== false)
    .flatMap((endpoint) => endpoint.addresses.map((address) => `${address}:${port}`));
}

function renderForward(forward: Forward): string[] {
  const chain = chainOf(forward);
  const match = `-d ${forward.clusterIp}/32 -p ${forward.protocol} --dport ${forward.port}`;
  const comment = `-m comment --comment "${forward.name}:${forward.port}"`;
  const targets = forward.targets.map((target, index) => {
    const left = forward.targets.length - index;
    const chance = left === 1 ? '' : ` -m statistic --mode random --probability ${(1 / left).toFixed(10)}`;
    return `-A ${chain} -p ${forward.protocol}${chance} -j DNAT --to-destination ${target}`;
  });
  return [`-A PREROUTING ${match} ${comment} -j ${chain}`, ...targets];
}

/** A chain's name has at most 28 letters. */
function chainOf(forward: Forward): string {
  return `SVC-${hashName([forward.clusterIp, forward.protocol, forward.port], 16).toUpperCase()}`;
}
