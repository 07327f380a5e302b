import {
  CONFIG_MAPS,
  DEPLOYMENTS,
  ENDPOINT_SLICES,
  EXTERNAL_WORKLOADS,
  type KubeObject,
  NAMESPACES,
  NODES,
  PODS,
  REPLICA_SETS,
  type ResourceKind,
  SECRETS,
  SERVERS,
  SERVICE_ACCOUNTS,
  SERVICE_PROFILES,
  SERVICES,
} from '#lib/resources';
import { dnsLabel, dnsServiceLabel, dnsSubdomain } from './names.ts';
import { anything, type Shape } from './shape.ts';
import * as core from './shapes-core.ts';
import * as mesh from './shapes-mesh.ts';

/** What a manifest of one kind must look like. */
export interface KnownKind {
  readonly kind: ResourceKind<KubeObject>;
  /** The versions that a manifest may name; all have the same fields. */
  readonly versions: readonly string[];
  readonly name: Shape;
  readonly shape: Shape;
}

const KNOWN_KINDS: readonly KnownKind[] = [
  { kind: NAMESPACES, versions: ['v1'], name: dnsLabel, shape: anything },
  { kind: NODES, versions: ['v1'], name: dnsSubdomain, shape: anything },
  { kind: SERVICE_ACCOUNTS, versions: ['v1'], name: dnsSubdomain, shape: anything },
  { kind: CONFIG_MAPS, versions: ['v1'], name: dnsSubdomain, shape: core.configMap },
  { kind: SECRETS, versions: ['v1'], name: dnsSubdomain, shape: core.secret },
  { kind: SERVICES, versions: ['v1'], name: dnsServiceLabel, shape: core.service },
  { kind: PODS, versions: ['v1'], name: dnsSubdomain, shape: core.pod },
  { kind: DEPLOYMENTS, versions: ['v1'], name: dnsSubdomain, shape: core.deployment },
  { kind: REPLICA_SETS, versions: ['v1'], name: dnsSubdomain, shape: anything },
  { kind: ENDPOINT_SLICES, versions: ['v1'], name: dnsSubdomain, shape: core.endpointSlice },
  {
    kind: SERVERS,
    versions: ['v1alpha1', 'v1beta1', 'v1beta2', 'v1beta3'],
    name: dnsSubdomain,
    shape: mesh.server,
  },
  {
    kind: SERVICE_PROFILES,
    versions: ['v1alpha1', 'v1alpha2'],
    name: dnsSubdomain,
    shape: mesh.serviceProfile,
  },
  {
    kind: EXTERNAL_WORKLOADS,
    versions: ['v1alpha1', 'v1beta1'],
    name: dnsSubdomain,
    shape: mesh.externalWorkload,
  },
];

const BY_KIND = new Map(KNOWN_KINDS.map((known) => [`${known.kind.group}/${known.kind.kind}`, known]));

export function findKnownKind(group: string, kind: string): KnownKind | undefined {
  return BY_KIND.get(`${group}/${kind}`);
}
