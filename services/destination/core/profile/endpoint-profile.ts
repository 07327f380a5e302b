import { type ExternalWorkload, LABEL, type Pod } from '#lib/resources';
import type { ClusterView } from '../cluster-view.ts';
import type { Address } from '../endpoints/address.ts';
import { computePodAddress } from '../endpoints/pod-address.ts';
import { createEndpoint } from '../endpoints/selection.ts';
import { computeWorkloadAddress } from '../endpoints/workload-address.ts';
import type { DestinationSettings } from '../settings.ts';
import { DEFAULT_RETRY_BUDGET, EMPTY_PROFILE, type Profile } from './profile.ts';

export interface EndpointProfileInput {
  readonly view: ClusterView;
  readonly settings: DestinationSettings;
  readonly ip: string;
  readonly port: number;
  /** The client's node; empty where unknown. */
  readonly nodeName: string;
  readonly warnings: string[];
}

/** What answers at an address, and its own address. */
export type Workload =
  | { readonly pod: Pod; readonly ip: string; readonly port: number }
  | { readonly externalWorkload: ExternalWorkload; readonly ip: string; readonly port: number }
  | undefined;

/** The profile of one endpoint. Source: facts sheet control-plane, "GetProfile". */
export function computeEndpointProfile(input: EndpointProfileInput, workload: Workload): Profile {
  const { view, settings, nodeName } = input;
  const { address, opaque, zone } = computeEndpointAddress(input, workload);
  const namespace = address.workload?.namespace;
  // Get says the namespace once for all of a Service's endpoints; here nobody else does.
  const labels = namespace === undefined ? address.labels : { ...address.labels, namespace };
  const client = { zone: findZone(view, nodeName) ?? '', zoneWeights: settings.zoneWeights };
  return {
    ...EMPTY_PROFILE,
    opaque,
    retryBudget: DEFAULT_RETRY_BUDGET,
    endpoint: createEndpoint({ ...address, labels }, zone, client),
  };
}

interface EndpointAddress {
  readonly address: Address;
  readonly opaque: boolean;
  readonly zone?: string | undefined;
}

function computeEndpointAddress(input: EndpointProfileInput, workload: Workload): EndpointAddress {
  const { view, settings } = input;
  if (workload === undefined) {
    const { ip, port } = input;
    const address: Address = { ip, port, meshed: false, labels: {} };
    return { address, opaque: settings.defaultOpaquePorts.has(port) };
  }
  const common = { settings, view, ip: workload.ip, port: workload.port };
  if ('externalWorkload' in workload) {
    const { externalWorkload } = workload;
    const servers = view.servers(externalWorkload.metadata.namespace ?? '');
    return computeWorkloadAddress({ ...common, workload: externalWorkload, servers, zone: undefined });
  }
  const { pod } = workload;
  const zone = findZone(view, pod.spec.nodeName ?? '');
  const servers = view.servers(pod.metadata.namespace ?? '');
  const found = computePodAddress({ ...common, pod, servers, zone });
  if (found.unreachable) {
    input.warnings.push(
      `pod ${pod.metadata.namespace}/${pod.metadata.name} is given out without transport header on port ${workload.port}: its proxy container has no readable LINKERD2_PROXY_INBOUND_LISTEN_ADDR; inject it anew`,
    );
  }
  return { ...found, zone };
}

export function findZone(view: Pick<ClusterView, 'node'>, nodeName: string): string | undefined {
  return nodeName === '' ? undefined : view.node(nodeName)?.metadata.labels?.[LABEL.zone];
}
