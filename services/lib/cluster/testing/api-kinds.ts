import type { KubeObject, ResourceKind } from '#lib/resources';

/** A kind as the fake serves it, in every version that is asked for. */
export type ServedKind = Pick<ResourceKind<KubeObject>, 'group' | 'kind' | 'plural' | 'namespaced'>;

const NAMESPACED: readonly (readonly [group: string, ...kinds: readonly string[]])[] = [
  [
    '',
    'Pod',
    'Service',
    'Endpoints',
    'ConfigMap',
    'Secret',
    'Event',
    'ServiceAccount',
    'ReplicationController',
  ],
  ['apps', 'Deployment', 'ReplicaSet', 'StatefulSet', 'DaemonSet'],
  ['batch', 'Job', 'CronJob'],
  ['discovery.k8s.io', 'EndpointSlice'],
  ['coordination.k8s.io', 'Lease'],
  ['policy', 'PodDisruptionBudget'],
  ['rbac.authorization.k8s.io', 'Role', 'RoleBinding'],
];
const OF_THE_CLUSTER: typeof NAMESPACED = [
  ['', 'Namespace', 'Node'],
  ['rbac.authorization.k8s.io', 'ClusterRole', 'ClusterRoleBinding'],
  ['admissionregistration.k8s.io', 'MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'],
  ['apiextensions.k8s.io', 'CustomResourceDefinition'],
];

/** What every cluster serves. CRDs come with `serve`. */
export const BUILT_IN_KINDS: readonly ServedKind[] = [
  ...build(NAMESPACED, true),
  ...build(OF_THE_CLUSTER, false),
];

function build(groups: typeof NAMESPACED, namespaced: boolean): ServedKind[] {
  return groups.flatMap(([group, ...kinds]) =>
    kinds.map((kind) => ({ group, kind, namespaced, plural: pluralOf(kind) })),
  );
}

function pluralOf(kind: string): string {
  const lower = kind.toLowerCase();
  return lower.endsWith('s') ? lower : `${lower}s`;
}
