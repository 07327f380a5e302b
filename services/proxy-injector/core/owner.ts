import type { OwnerReference, Pod } from '#lib/resources';

/** The workload that made a pod. */
export interface WorkloadOwner {
  /** Lower case, as metrics and labels name it: `deployment`; `pod` for a pod that nothing made. */
  readonly kind: string;
  readonly name: string;
  /** Undefined for a bare pod. */
  readonly reference?: OwnerReference;
}

/** The owners of a ReplicaSet or Job; undefined where they cannot be learned. */
export type OwnerLookup = (reference: OwnerReference) => Promise<readonly OwnerReference[] | undefined>;

/** Above a ReplicaSet of another kind's (an Argo Rollout's) nothing is looked for. */
const REPLICA_SET_OWNERS: readonly string[] = ['Deployment', 'StatefulSet', 'DaemonSet', 'Job'];

/** Finds the workload of a pod. Source: facts sheet injection, section 1, "Owner lookup". */
export async function resolveOwner(pod: Pod, lookUp: OwnerLookup): Promise<WorkloadOwner> {
  const [parent, ...others] = pod.metadata.ownerReferences ?? [];
  if (parent === undefined || others.length > 0) return { kind: 'pod', name: pod.metadata.name };
  if (parent.kind === 'Job') return describeOwner(onlyOne(await lookUp(parent)) ?? parent);
  if (parent.kind !== 'ReplicaSet') return describeOwner(parent);
  const above = onlyOne(await lookUp(parent));
  return describeOwner(above && REPLICA_SET_OWNERS.includes(above.kind) ? above : parent);
}

function onlyOne(references: readonly OwnerReference[] | undefined): OwnerReference | undefined {
  return references?.length === 1 ? references[0] : undefined;
}

function describeOwner(reference: OwnerReference): WorkloadOwner {
  return { kind: reference.kind.toLowerCase(), name: reference.name, reference };
}
