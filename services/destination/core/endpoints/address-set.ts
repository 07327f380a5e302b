import { isDeepStrictEqual } from 'node:util';
import type { EndpointSlice, EndpointSliceEndpoint, Service } from '#lib/resources';
import type { ServiceId } from '../authority.ts';
import type { ClusterView } from '../cluster-view.ts';
import { normalizeIp } from '../ip.ts';
import type { DestinationSettings } from '../settings.ts';
import { type Address, addressKey } from './address.ts';
import { computeMirrorAddress, listMirrorLabels } from './mirror-address.ts';
import { computePodAddress } from './pod-address.ts';
import { computeWorkloadAddress } from './workload-address.ts';

/** All ready addresses of one port of a Service, before any client's view of them. */
export interface AddressSet {
  /** Whether there is such a Service. */
  readonly exists: boolean;
  /** Labels of every address. */
  readonly labels: Readonly<Record<string, string>>;
  /** Clients may only use addresses on their own node. */
  readonly localOnly: boolean;
  /** By `ip:port`. */
  readonly candidates: ReadonlyMap<string, Candidate>;
  /** Endpoints that cannot be given out, one sentence each. */
  readonly warnings: readonly string[];
}

/** An address and where it is, to choose by. */
export interface Candidate {
  readonly address: Address;
  readonly hostname: string | undefined;
  readonly nodeName: string | undefined;
  readonly zone: string | undefined;
  /** The zones whose clients should use it; undefined without hints. */
  readonly forZones: readonly string[] | undefined;
}

export interface AddressSetInput {
  readonly view: ClusterView;
  readonly settings: DestinationSettings;
  readonly service: ServiceId;
  readonly port: number;
  /** The set computed before: its addresses are kept where they are equal, so that they can be told by identity. */
  readonly previous?: AddressSet | undefined;
}

/** Source: facts sheet control-plane, "Endpoint selection". */
export function computeAddressSet(input: AddressSetInput): AddressSet {
  const { view, service, previous } = input;
  const object = view.service(service.namespace, service.name);
  const base = { namespace: service.namespace, service: service.name };
  if (object === undefined || object.spec.type === 'ExternalName') {
    return { exists: false, labels: base, localOnly: false, candidates: new Map(), warnings: [] };
  }
  const slices = view
    .slices(service.namespace, service.name)
    .filter(
      ({ addressType }) => addressType === 'IPv4' || (addressType === 'IPv6' && input.settings.enableIpv6),
    );
  const warnings: string[] = [];
  const found = slices.flatMap((slice) => listSliceCandidates(slice, { input, object, warnings }));
  const candidates = new Map<string, Candidate>();
  for (const candidate of dropSecondFamilies(found)) {
    const key = addressKey(candidate.address);
    candidates.set(key, keepEqualAddress(candidate, previous?.candidates.get(key)));
  }
  return {
    exists: true,
    labels: { ...base, ...Object.assign({}, ...slices.map(listMirrorLabels)) },
    localOnly: object.spec.internalTrafficPolicy === 'Local',
    candidates,
    warnings,
  };
}

interface SliceContext {
  readonly input: AddressSetInput;
  readonly object: Service;
  readonly warnings: string[];
}

function listSliceCandidates(slice: EndpointSlice, context: SliceContext): Candidate[] {
  const port = findTargetPort(slice, context.object, context.input.port);
  if (port === undefined) return [];
  return slice.endpoints
    .filter(({ conditions }) => conditions?.ready !== false)
    .flatMap((endpoint) =>
      endpoint.addresses.flatMap((ip) => {
        const address = computeAddress({ slice, endpoint, ip: normalizeIp(ip), port }, context);
        return address === undefined ? [] : [createCandidate(address, endpoint, context.input.view)];
      }),
    );
}

/**
 * A port that the Service defines is found in the slice by its name, whatever its targetPort says; any other is
 * taken as it is.
 */
export function findTargetPort(slice: EndpointSlice, service: Service, port: number): number | undefined {
  const matching = (service.spec.ports ?? []).filter((candidate) => candidate.port === port);
  const servicePort = matching.find(({ protocol = 'TCP' }) => protocol === 'TCP') ?? matching[0];
  if (servicePort === undefined) return port;
  const slicePort = (slice.ports ?? []).find(({ name = '' }) => name === (servicePort.name ?? ''));
  // A slice port without a number stands for all ports.
  return slicePort === undefined ? undefined : (slicePort.port ?? port);
}

interface EndpointPlace {
  readonly slice: EndpointSlice;
  readonly endpoint: EndpointSliceEndpoint;
  readonly ip: string;
  readonly port: number;
}

function computeAddress(place: EndpointPlace, { input, warnings }: SliceContext): Address | undefined {
  const { slice, endpoint, ip, port } = place;
  const { view, settings } = input;
  const { kind, name = '', namespace = slice.metadata.namespace ?? '' } = endpoint.targetRef ?? {};
  const common = { ip, port, zone: endpoint.zone, settings, view };
  if (kind === 'Pod') {
    const pod = view.pod(namespace, name);
    if (pod === undefined) return undefined;
    const { address, unreachable } = computePodAddress({ ...common, pod, servers: view.servers(namespace) });
    if (!unreachable) return address;
    warnings.push(
      `pod ${namespace}/${name} left out on port ${port}: its proxy container has no readable LINKERD2_PROXY_INBOUND_LISTEN_ADDR; inject it anew`,
    );
    return undefined;
  }
  if (kind === 'ExternalWorkload') {
    const workload = view.externalWorkload(namespace, name);
    if (workload === undefined) return undefined;
    return computeWorkloadAddress({ ...common, workload, servers: view.servers(namespace) }).address;
  }
  return computeMirrorAddress({ slice, ip, port, servicePort: input.port, settings });
}

function createCandidate(
  address: Address,
  endpoint: EndpointSliceEndpoint,
  view: Pick<ClusterView, 'pod'>,
): Candidate {
  const { workload } = address;
  const pod = workload?.kind === 'Pod' ? view.pod(workload.namespace, workload.name) : undefined;
  return {
    address,
    hostname: endpoint.hostname,
    nodeName: endpoint.nodeName ?? pod?.spec.nodeName,
    zone: endpoint.zone,
    forZones: endpoint.hints?.forZones?.map(({ name }) => name),
  };
}

/** Of a workload with addresses of both families only the IPv6 ones are used. */
function dropSecondFamilies(candidates: readonly Candidate[]): readonly Candidate[] {
  const workloadOf = ({ address: { workload } }: Candidate) =>
    workload && `${workload.kind}/${workload.namespace}/${workload.name}`;
  const isIpv6 = ({ address }: Candidate) => address.ip.includes(':');
  const withIpv6 = new Set(candidates.filter(isIpv6).map(workloadOf));
  withIpv6.delete(undefined);
  return candidates.filter((candidate) => isIpv6(candidate) || !withIpv6.has(workloadOf(candidate)));
}

function keepEqualAddress(next: Candidate, previous: Candidate | undefined): Candidate {
  return previous !== undefined && isDeepStrictEqual(previous.address, next.address)
    ? { ...next, address: previous.address }
    : next;
}
