import {
  type EndpointSlice,
  type ExternalWorkload,
  type KubeObject,
  LABEL,
  type Pod,
  type Service,
} from '#lib/resources';
import { normalizeIp } from './ip.ts';

/**
 * Every question about the cluster is a key, and every object answers some keys: so a store of objects by key
 * answers all questions, and whoever remembers the keys it asked for knows which changes concern it.
 */
export const clusterKey = {
  service: (namespace: string, name: string) => `service/${namespace}/${name}`,
  clusterIp: (ip: string) => `clusterIp/${ip}`,
  slices: (namespace: string, service: string) => `slices/${namespace}/${service}`,
  pod: (namespace: string, name: string) => `pod/${namespace}/${name}`,
  podIp: (ip: string) => `podIp/${ip}`,
  hostIp: (ip: string) => `hostIp/${ip}`,
  externalWorkload: (namespace: string, name: string) => `externalWorkload/${namespace}/${name}`,
  workloadIp: (ip: string) => `workloadIp/${ip}`,
  servers: (namespace: string) => `servers/${namespace}`,
  node: (name: string) => `node/${name}`,
  replicaSet: (namespace: string, name: string) => `replicaSet/${namespace}/${name}`,
  serviceProfile: (namespace: string, name: string) => `serviceProfile/${namespace}/${name}`,
} as const;

/** The keys that an object answers. */
export function listClusterKeys(object: KubeObject): readonly string[] {
  const { namespace = '', name } = object.metadata;
  switch (object.kind) {
    case 'Service':
      return [
        clusterKey.service(namespace, name),
        ...listClusterIps(object as Service).map(clusterKey.clusterIp),
      ];
    case 'EndpointSlice': {
      const service = (object as EndpointSlice).metadata.labels?.[LABEL.serviceName];
      return service === undefined ? [] : [clusterKey.slices(namespace, service)];
    }
    case 'Pod':
      return [clusterKey.pod(namespace, name), ...listPodIpKeys(object as Pod)];
    case 'ExternalWorkload':
      return [
        clusterKey.externalWorkload(namespace, name),
        ...((object as ExternalWorkload).spec.workloadIPs ?? []).map(({ ip }) =>
          clusterKey.workloadIp(normalizeIp(ip)),
        ),
      ];
    case 'Server':
      return [clusterKey.servers(namespace)];
    case 'Node':
      return [clusterKey.node(name)];
    case 'ReplicaSet':
      return [clusterKey.replicaSet(namespace, name)];
    case 'ServiceProfile':
      return [clusterKey.serviceProfile(namespace, name)];
    default:
      return [];
  }
}

function listClusterIps({ spec }: Service): readonly string[] {
  const ips = [...(spec.clusterIPs ?? []), ...(spec.clusterIP === undefined ? [] : [spec.clusterIP])];
  return [...new Set(ips.filter((ip) => ip !== '' && ip !== 'None').map(normalizeIp))];
}

/** A pod on its host's network shares the host's IP with others: only its host ports tell it apart. */
function listPodIpKeys({ spec, status }: Pod): readonly string[] {
  const keys: string[] = [];
  if (spec.hostNetwork !== true) {
    const ips = [...(status?.podIPs ?? []).map(({ ip }) => ip), status?.podIP ?? ''];
    keys.push(...new Set(ips.filter((ip) => ip !== '').map((ip) => clusterKey.podIp(normalizeIp(ip)))));
  }
  if (status?.hostIP !== undefined) keys.push(clusterKey.hostIp(normalizeIp(status.hostIP)));
  return keys;
}
