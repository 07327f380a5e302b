import { EXTERNAL_WORKLOADS, type ExternalWorkload, type Server } from '#lib/resources';
import type { DestinationSettings } from '../settings.ts';
import type { Address } from './address.ts';
import { isWorkloadPortOpaque } from './opaque-ports.ts';
import { findSingleOwner, ownerLabel } from './owner.ts';

export interface WorkloadAddressInput {
  readonly workload: ExternalWorkload;
  readonly ip: string;
  readonly port: number;
  readonly zone: string | undefined;
  /** Those of the workload's namespace. */
  readonly servers: readonly Server[];
  readonly settings: DestinationSettings;
}

const DEFAULT_INBOUND_PORT = 4143;

/** External workloads are always meshed. Source: facts sheet control-plane, "WeightedAddr computation". */
export function computeWorkloadAddress(input: WorkloadAddressInput): { address: Address; opaque: boolean } {
  const { workload, ip, port, zone, settings } = input;
  const { metadata, spec } = workload;
  const opaque = isWorkloadPortOpaque(workload, port, {
    ...input,
    defaultPorts: settings.defaultOpaquePorts,
  });
  const owner = findSingleOwner(workload);
  const proxyPort = spec.ports?.find(({ name }) => name === 'linkerd-proxy')?.port;
  const address: Address = {
    ip,
    port,
    meshed: true,
    labels: {
      external_workload: metadata.name,
      ...(owner && { [ownerLabel(owner)]: owner.name }),
      zone: zone ?? '',
    },
    workload: {
      group: EXTERNAL_WORKLOADS.group,
      kind: 'ExternalWorkload',
      namespace: metadata.namespace ?? '',
      name: metadata.name,
    },
    identity: { kind: 'uri', uri: spec.meshTLS.identity, serverName: spec.meshTLS.serverName },
    hint: opaque ? 'opaque' : 'h2',
    ...((opaque || settings.forceOpaqueTransport) && { inboundPort: proxyPort ?? DEFAULT_INBOUND_PORT }),
  };
  return { address, opaque };
}
