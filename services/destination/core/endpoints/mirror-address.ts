import type { EndpointSlice } from '#lib/resources';
import type { DestinationSettings } from '../settings.ts';
import type { Address } from './address.ts';

/** What the service mirror writes on the endpoints of a Service that stands for one in another cluster. */
const CLUSTER_NAME_LABEL = 'mirror.linkerd.io/cluster-name';
const REMOTE_SERVICE_ANNOTATION = 'mirror.linkerd.io/remote-svc-fq-name';
const GATEWAY_IDENTITY_ANNOTATION = 'mirror.linkerd.io/remote-gateway-identity';

/**
 * An address without a workload behind it: the gateway of another cluster where the slice says so, else a bare
 * address. Source: facts sheet control-plane, "WeightedAddr computation", last row.
 */
export function computeMirrorAddress(input: {
  readonly slice: EndpointSlice;
  readonly ip: string;
  readonly port: number;
  readonly servicePort: number;
  readonly settings: DestinationSettings;
}): Address {
  const { ip, port, settings } = input;
  const annotations = input.slice.metadata.annotations ?? {};
  const identity = annotations[GATEWAY_IDENTITY_ANNOTATION] ?? '';
  if (identity === '') return { ip, port, meshed: false, labels: {} };
  const remote = annotations[REMOTE_SERVICE_ANNOTATION] ?? '';
  return {
    ip,
    port,
    meshed: true,
    labels: {},
    identity: { kind: 'dns', name: identity },
    ...(settings.enableH2Upgrade && { hint: 'h2' as const }),
    ...(remote !== '' && { authorityOverride: `${remote}:${input.servicePort}` }),
  };
}

/** Labels of all addresses of a mirrored Service. */
export function listMirrorLabels({ metadata }: EndpointSlice): Readonly<Record<string, string>> {
  const cluster = metadata.labels?.[CLUSTER_NAME_LABEL];
  const [service, namespace] = metadata.annotations?.[REMOTE_SERVICE_ANNOTATION]?.split('.') ?? [];
  if (cluster === undefined || service === undefined || namespace === undefined) return {};
  return { target_cluster: cluster, target_service: service, target_service_namespace: namespace };
}
