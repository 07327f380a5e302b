import { formatIdentity } from '#lib/pki';
import { LABEL, type Pod, type Server } from '#lib/resources';
import type { ClusterView } from '../cluster-view.ts';
import type { DestinationSettings } from '../settings.ts';
import type { Address, TlsIdentity } from './address.ts';
import { isPodPortOpaque } from './opaque-ports.ts';
import { findOwner, ownerLabel } from './owner.ts';
import { readPodFacts } from './pod-facts.ts';

export interface PodAddressInput {
  readonly pod: Pod;
  readonly ip: string;
  readonly port: number;
  /** Undefined where unknown. */
  readonly zone: string | undefined;
  readonly view: Pick<ClusterView, 'replicaSet'>;
  /** Those of the pod's namespace. */
  readonly servers: readonly Server[];
  readonly settings: DestinationSettings;
}

export interface PodAddress {
  readonly address: Address;
  readonly opaque: boolean;
  /** The port must be reached through the pod's proxy, and the pod does not say where that listens. */
  readonly unreachable: boolean;
}

/** Source: facts sheet control-plane, "WeightedAddr computation". */
export function computePodAddress(input: PodAddressInput): PodAddress {
  const { pod, ip, port, settings } = input;
  const opaque = isPodPortOpaque(pod, port, { ...input, defaultPorts: settings.defaultOpaquePorts });
  const base: Address = {
    ip,
    port,
    meshed: false,
    labels: listPodLabels(input),
    workload: {
      group: 'core',
      kind: 'Pod',
      namespace: pod.metadata.namespace ?? '',
      name: pod.metadata.name,
    },
  };
  const facts = readPodFacts(pod);
  const controlPlane = pod.metadata.labels?.[LABEL.controlPlaneNs];
  if (controlPlane === undefined || controlPlane === '' || facts.skipInboundPorts.has(port)) {
    return { address: base, opaque, unreachable: false };
  }
  const identity = controlPlane === settings.controllerNamespace ? identifyPod(pod, settings) : undefined;
  const throughProxy = !facts.metaPorts.has(port) && (settings.forceOpaqueTransport || opaque);
  return {
    address: {
      ...base,
      meshed: true,
      ...(identity && { identity }),
      ...(opaque ? { hint: 'opaque' } : settings.enableH2Upgrade && { hint: 'h2' }),
      ...(throughProxy && facts.inboundPort !== undefined && { inboundPort: facts.inboundPort }),
    },
    opaque,
    unreachable: throughProxy && facts.inboundPort === undefined,
  };
}

function identifyPod({ metadata, spec }: Pod, settings: DestinationSettings): TlsIdentity | undefined {
  if (settings.trustDomain === '') return undefined;
  try {
    const name = formatIdentity({
      serviceAccount: spec.serviceAccountName ?? 'default',
      namespace: metadata.namespace ?? 'default',
      controlPlaneNamespace: settings.controllerNamespace,
      trustDomain: settings.trustDomain,
    });
    return { kind: 'dns', name };
  } catch {
    // A service account with dots in its name: the identity service gives such a pod no certificate.
    return undefined;
  }
}

function listPodLabels({ pod, zone, view }: PodAddressInput): Readonly<Record<string, string>> {
  const { metadata, spec } = pod;
  const owner = findOwner(pod, view);
  const controlPlane = metadata.labels?.[LABEL.controlPlaneNs];
  const templateHash = metadata.labels?.[LABEL.podTemplateHash];
  return {
    pod: metadata.name,
    [ownerLabel(owner)]: owner.name,
    serviceaccount: spec.serviceAccountName ?? 'default',
    ...(controlPlane !== undefined && { control_plane_ns: controlPlane }),
    ...(templateHash !== undefined && { pod_template_hash: templateHash }),
    zone: zone ?? '',
  };
}
