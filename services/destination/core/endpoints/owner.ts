import { type KubeObject, LABEL, type Pod } from '#lib/resources';
import type { ClusterView } from '../cluster-view.ts';

/** What runs a workload, as metrics name it. */
export interface Owner {
  /** In lower case. */
  readonly kind: string;
  readonly name: string;
}

/**
 * What a pod belongs to: its single owner, or the Deployment behind its ReplicaSet; itself where it has no
 * owner or several. Source: facts sheet injection, "Owner lookup".
 */
export function findOwner(pod: Pod, view: Pick<ClusterView, 'replicaSet'>): Owner {
  const owner = findSingleOwner(pod);
  if (owner === undefined) return { kind: 'pod', name: pod.metadata.name };
  if (owner.kind !== 'replicaset') return owner;
  const replicaSet = view.replicaSet(pod.metadata.namespace ?? '', owner.name);
  if (replicaSet !== undefined) return findSingleOwner(replicaSet) ?? owner;
  return guessDeployment(pod, owner.name) ?? owner;
}

/** The label that names an owner; `job` is taken by Prometheus for its own. */
export function ownerLabel({ kind }: Owner): string {
  return kind === 'job' ? 'k8s_job' : kind;
}

export function findSingleOwner({ metadata }: KubeObject): Owner | undefined {
  const [owner, ...others] = metadata.ownerReferences ?? [];
  if (owner === undefined || others.length > 0) return undefined;
  return { kind: owner.kind.toLowerCase(), name: owner.name };
}

/** A Deployment names its ReplicaSets by itself and the hash that it also labels the pods with. */
function guessDeployment({ metadata }: Pod, replicaSet: string): Owner | undefined {
  const hash = metadata.labels?.[LABEL.podTemplateHash];
  if (hash === undefined || !replicaSet.endsWith(`-${hash}`)) return undefined;
  return { kind: 'deployment', name: replicaSet.slice(0, -hash.length - 1) };
}
