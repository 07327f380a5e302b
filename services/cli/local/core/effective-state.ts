import { randomUUID } from 'node:crypto';
import type { Deployment, EndpointSlice, KubeObject, Node, Pod, ReplicaSet, Service } from '#lib/resources';
import type { DesiredState } from './desired.ts';
import { buildEndpointSlices, groupByService, isReady } from './endpoints.ts';
import { keyOf } from './names.ts';

export const NODE_NAME = 'linkerd-local';

export interface EffectiveInput {
  readonly desired: DesiredState;
  readonly serviceIps: ReadonlyMap<string, string>;
  /** Pods with their status. */
  readonly pods: readonly Pod[];
  readonly replicaSets: readonly ReplicaSet[];
  readonly nodeIp: string;
}

export interface EffectiveState {
  /** Services with their cluster IPs. */
  readonly services: readonly Service[];
  /** By the `ns/name` of their Service. */
  readonly slices: ReadonlyMap<string, readonly EndpointSlice[]>;
  /** Every object that the control plane may see; Secrets are not among them. */
  readonly objects: readonly KubeObject[];
}

/** What the cluster is, from what is wanted of it and the pods there are. */
export function buildEffectiveState(input: EffectiveInput): EffectiveState {
  const { desired } = input;
  const services = [...desired.services.values()].map((service) => fillClusterIp(service, input.serviceIps));
  const own = services.flatMap((service) => buildEndpointSlices(service, input.pods));
  const given = desired.others.filter((object): object is EndpointSlice => object.kind === 'EndpointSlice');
  return {
    services,
    slices: groupByService([...own, ...given]),
    objects: [
      ...desired.namespaces.values(),
      ...desired.serviceAccounts.values(),
      ...desired.configMaps.values(),
      ...desired.others,
      ...[...desired.deployments.values()].map((deployment) => fillStatus(deployment, input.pods)),
      ...input.replicaSets,
      ...services,
      ...own,
      ...input.pods,
      buildNode(input.nodeIp),
    ],
  };
}

/** Gives objects what the API server would: a uid and the time of their creation, the same as long as they live. */
export function createMetadataKeeper(
  nowIso: () => string,
): (objects: readonly KubeObject[]) => readonly KubeObject[] {
  let known = new Map<string, { uid: string; creationTimestamp: string }>();
  return (objects) => {
    const kept = new Map<string, { uid: string; creationTimestamp: string }>();
    const complete = objects.map((object) => {
      const key = `${object.kind}/${keyOf(object)}`;
      const given = known.get(key) ?? { uid: randomUUID(), creationTimestamp: nowIso() };
      kept.set(key, given);
      return { ...object, metadata: { ...given, ...object.metadata } };
    });
    known = kept;
    return complete;
  };
}

function fillClusterIp(service: Service, ips: ReadonlyMap<string, string>): Service {
  const ip = ips.get(keyOf(service));
  if (ip === undefined) return service;
  return { ...service, spec: { type: 'ClusterIP', ...service.spec, clusterIP: ip, clusterIPs: [ip] } };
}

function fillStatus(deployment: Deployment, pods: readonly Pod[]): KubeObject {
  const prefix = `${deployment.metadata.name}-`;
  const own = pods.filter(
    (pod) =>
      pod.metadata.namespace === deployment.metadata.namespace &&
      pod.metadata.ownerReferences?.some(
        (owner) => owner.name.startsWith(prefix) && !owner.name.slice(prefix.length).includes('-'),
      ),
  );
  return {
    ...deployment,
    status: { replicas: own.length, readyReplicas: own.filter(isReady).length },
  } as KubeObject;
}

function buildNode(ip: string): Node {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: NODE_NAME,
      labels: { 'kubernetes.io/hostname': NODE_NAME, 'kubernetes.io/os': 'linux' },
    },
    status: {
      addresses: [{ type: 'InternalIP', address: ip }],
      conditions: [{ type: 'Ready', status: 'True' }],
    },
  } as Node;
}
