import { fromIpAddress, toIpAddress } from '#lib/api';
import type { Store } from '#lib/cluster';
import type { Service } from '#lib/resources';

/** Finds the Service that a cluster IP belongs to. */
export interface ClusterIps {
  find(ip: string): Service | undefined;
}

/** Follows the store; the oldest Service wins where two claim one address. */
export function createClusterIps(services: Store<Service>): ClusterIps {
  const owners = new Map<string, Map<string, Service>>();
  const add = (service: Service) => {
    for (const ip of clusterIpsOf(service)) {
      const claims = owners.get(ip) ?? new Map<string, Service>();
      owners.set(ip, claims.set(nameOf(service), service));
    }
  };
  const remove = (service: Service) => {
    for (const ip of clusterIpsOf(service)) {
      const claims = owners.get(ip);
      claims?.delete(nameOf(service));
      if (claims?.size === 0) owners.delete(ip);
    }
  };
  for (const service of services.list()) add(service);
  services.subscribe((change) => {
    if (change.type === 'modified') remove(change.previous);
    if (change.type === 'deleted') remove(change.object);
    else add(change.object);
  });
  return { find: (ip) => [...(owners.get(ip)?.values() ?? [])].sort(compareAge)[0] };
}

/** The cluster IPs of a Service in their normal form; none for headless ones. */
export function clusterIpsOf({ spec }: Service): readonly string[] {
  const texts = new Set([...(spec.clusterIPs ?? []), spec.clusterIP ?? '']);
  return [...texts].map((text) => fromIpAddress(toIpAddress(text))).filter((ip) => ip !== undefined);
}

function nameOf({ metadata }: Service): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`;
}

function compareAge(a: Service, b: Service): number {
  const keyOf = (service: Service) => `${service.metadata.creationTimestamp ?? ''} ${nameOf(service)}`;
  return keyOf(a) < keyOf(b) ? -1 : 1;
}
