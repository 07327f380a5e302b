/** The workload that a pod belongs to, as the owner labels and events name it. */
export interface PodOwner {
  /** Lower case, as in `deployment`. */
  readonly kind: string;
  readonly name: string;
}

/** Kinds that get a `linkerd.io/proxy-<kind>` label. Source: facts sheet injection, section 2. */
export const LABELLED_OWNER_KINDS: readonly string[] = [
  'deployment',
  'replicationcontroller',
  'replicaset',
  'job',
  'daemonset',
  'statefulset',
];
