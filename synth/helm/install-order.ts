import type { KubeObject } from '#lib/resources';

/** What Helm installs first (helm.sh/docs, "Using Helm": the order of installation); kinds not listed come last. */
const INSTALL_ORDER: readonly string[] = [
  'PriorityClass',
  'Namespace',
  'NetworkPolicy',
  'ResourceQuota',
  'LimitRange',
  'PodSecurityPolicy',
  'PodDisruptionBudget',
  'ServiceAccount',
  'Secret',
  'SecretList',
  'ConfigMap',
  'StorageClass',
  'PersistentVolume',
  'PersistentVolumeClaim',
  'CustomResourceDefinition',
  'ClusterRole',
  'ClusterRoleList',
  'ClusterRoleBinding',
  'ClusterRoleBindingList',
  'Role',
  'RoleList',
  'RoleBinding',
  'RoleBindingList',
  'Service',
  'DaemonSet',
  'Pod',
  'ReplicationController',
  'ReplicaSet',
  'Deployment',
  'HorizontalPodAutoscaler',
  'StatefulSet',
  'Job',
  'CronJob',
  'IngressClass',
  'Ingress',
  'APIService',
  'MutatingWebhookConfiguration',
  'ValidatingWebhookConfiguration',
];

function rankOf(kind: string): number {
  const rank = INSTALL_ORDER.indexOf(kind);
  return rank < 0 ? INSTALL_ORDER.length : rank;
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

/** By kind, then by the template's file, then as the template has them; unknown kinds among themselves by name. */
export function sortAsHelm(
  rendered: readonly { readonly file: string; readonly object: KubeObject }[],
): KubeObject[] {
  return [...rendered]
    .sort((a, b) => {
      const rank = rankOf(a.object.kind);
      const byRank = rank - rankOf(b.object.kind);
      if (byRank !== 0) return byRank;
      const byKind = rank === INSTALL_ORDER.length ? compareTexts(a.object.kind, b.object.kind) : 0;
      return byKind !== 0 ? byKind : compareTexts(a.file, b.file);
    })
    .map(({ object }) => object);
}
