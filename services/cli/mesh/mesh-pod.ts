import type { KubeObject, Pod } from '#lib/resources';
import { LABEL } from '#lib/resources';

/** A pod as commands about traffic and identity need it. */
export interface MeshPod {
  readonly namespace: string;
  readonly name: string;
  /** Empty as long as the pod has none. */
  readonly ip: string;
  readonly phase: string;
  readonly serviceAccount: string;
  /** The Deployment it belongs to. */
  readonly deployment: string | undefined;
  /** It has a proxy of the mesh. */
  readonly meshed: boolean;
  readonly labels: Readonly<Record<string, string>>;
}

/** The pods among the objects of a cluster, by namespace and name. */
export function describeMeshPods(
  objects: readonly KubeObject[],
  controlPlaneNamespace: string,
): readonly MeshPod[] {
  const deploymentOf = findDeployments(objects);
  const pods = objects.filter((object): object is Pod => object.kind === 'Pod');
  return pods
    .map(({ metadata, spec, status }) => {
      const { namespace = 'default', name, labels = {} } = metadata;
      const owner =
        metadata.ownerReferences?.find(({ controller }) => controller) ?? metadata.ownerReferences?.[0];
      return {
        namespace,
        name,
        ip: status?.podIP ?? '',
        phase: status?.phase ?? 'Unknown',
        serviceAccount: spec.serviceAccountName ?? 'default',
        deployment:
          labels[LABEL.proxyDeployment] ?? deploymentOf.get(`${namespace}/${owner?.kind}/${owner?.name}`),
        meshed: labels[LABEL.controlPlaneNs] === controlPlaneNamespace,
        labels,
      };
    })
    .sort(comparePods);
}

/** `shop/web-1`, for messages. */
export function podLabel(pod: Pick<MeshPod, 'namespace' | 'name'>): string {
  return `${pod.namespace}/${pod.name}`;
}

/** The Deployments that own ReplicaSets, by `namespace/ReplicaSet/name`. */
function findDeployments(objects: readonly KubeObject[]): ReadonlyMap<string, string> {
  const owned = objects.flatMap(({ kind, metadata }) => {
    const owner = metadata.ownerReferences?.find((reference) => reference.kind === 'Deployment');
    if (kind !== 'ReplicaSet' || owner === undefined) return [];
    return [[`${metadata.namespace ?? 'default'}/ReplicaSet/${metadata.name}`, owner.name] as const];
  });
  return new Map(owned);
}

function comparePods(left: MeshPod, right: MeshPod): number {
  const [a, b] = [podLabel(left), podLabel(right)];
  return a < b ? -1 : a > b ? 1 : 0;
}
