import type {
  EndpointSlice,
  ExternalWorkload,
  KubeObject,
  Node,
  Pod,
  Server,
  Service,
  ServiceProfile,
} from '#lib/resources';
import { clusterKey } from './cluster-keys.ts';

/** The questions that the core asks about the cluster. IPs are normalized (see ip.ts). */
export interface ClusterView {
  service(namespace: string, name: string): Service | undefined;
  servicesByClusterIp(ip: string): readonly Service[];
  slices(namespace: string, service: string): readonly EndpointSlice[];
  pod(namespace: string, name: string): Pod | undefined;
  /** Pods with this IP of their own, those that have ended included. */
  podsByIp(ip: string): readonly Pod[];
  /** Pods on the host with this IP. */
  podsByHostIp(ip: string): readonly Pod[];
  externalWorkload(namespace: string, name: string): ExternalWorkload | undefined;
  externalWorkloadsByIp(ip: string): readonly ExternalWorkload[];
  servers(namespace: string): readonly Server[];
  node(name: string): Node | undefined;
  replicaSet(namespace: string, name: string): KubeObject | undefined;
  serviceProfile(namespace: string, name: string): ServiceProfile | undefined;
}

/** A view over whatever answers keys: an index, or one that remembers the keys. */
export function createClusterView(lookup: (key: string) => Iterable<KubeObject>): ClusterView {
  const all = <T extends KubeObject>(key: string) => [...lookup(key)] as T[];
  const first = <T extends KubeObject>(key: string) => all<T>(key)[0];
  return {
    service: (namespace, name) => first(clusterKey.service(namespace, name)),
    servicesByClusterIp: (ip) => all(clusterKey.clusterIp(ip)),
    slices: (namespace, service) => sortByName(all(clusterKey.slices(namespace, service))),
    pod: (namespace, name) => first(clusterKey.pod(namespace, name)),
    podsByIp: (ip) => all(clusterKey.podIp(ip)),
    podsByHostIp: (ip) => all(clusterKey.hostIp(ip)),
    externalWorkload: (namespace, name) => first(clusterKey.externalWorkload(namespace, name)),
    externalWorkloadsByIp: (ip) => all(clusterKey.workloadIp(ip)),
    servers: (namespace) => all(clusterKey.servers(namespace)),
    node: (name) => first(clusterKey.node(name)),
    replicaSet: (namespace, name) => first(clusterKey.replicaSet(namespace, name)),
    serviceProfile: (namespace, name) => first(clusterKey.serviceProfile(namespace, name)),
  };
}

/** So that the same objects give the same answer, in whatever order they came. */
function sortByName<T extends KubeObject>(objects: T[]): T[] {
  return objects.sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
}
