import { MeshError } from '#lib/base';
import type { Service } from '#lib/resources';
import { type Cidr, containsIp, formatCidr } from './cidr.ts';
import { createIpPool } from './ip-pool.ts';
import { keyOf } from './names.ts';

/** Where in the service range the cluster's DNS server is: the tenth address, as in most clusters. */
export const DNS_OFFSET = 10;
/** Allocation starts here; lower addresses are only given to Services that ask for them. */
const FIRST_OFFSET = 16;

/**
 * A cluster IP for every Service that has one, by `ns/name`: the one its spec asks for, the one it had before,
 * or a free one. Throws a MeshError for an address outside of the range or asked for twice.
 */
export function allocateServiceIps(
  services: readonly Service[],
  previous: ReadonlyMap<string, string>,
  cidr: Cidr,
): ReadonlyMap<string, string> {
  const pool = createIpPool(cidr, FIRST_OFFSET);
  const allocated = new Map<string, string>();
  const wanting = services.filter(wantsClusterIp);
  for (const service of wanting) {
    const asked = service.spec.clusterIP;
    if (asked !== undefined && asked !== '')
      allocated.set(keyOf(service), claimAsked(service, asked, { pool, cidr }));
  }
  for (const service of wanting) {
    const before = previous.get(keyOf(service));
    if (!allocated.has(keyOf(service)) && before !== undefined && pool.claim(before)) {
      allocated.set(keyOf(service), before);
    }
  }
  for (const service of wanting) {
    if (allocated.has(keyOf(service))) continue;
    const free = pool.take();
    if (free === undefined) throw rangeIsFull(cidr);
    allocated.set(keyOf(service), free);
  }
  return allocated;
}

export function isHeadless(service: Service): boolean {
  return service.spec.clusterIP === 'None';
}

function wantsClusterIp(service: Service): boolean {
  return !isHeadless(service) && service.spec.type !== 'ExternalName';
}

function claimAsked(
  service: Service,
  ip: string,
  from: { pool: ReturnType<typeof createIpPool>; cidr: Cidr },
): string {
  if (!containsIp(from.cidr, ip)) {
    throw new MeshError(
      'SERVICE_IP_OUTSIDE',
      `Service ${keyOf(service)} asks for spec.clusterIP ${ip}, which is not in ${formatCidr(from.cidr)}: leave the field out or choose another --service-cidr`,
    );
  }
  if (from.pool.claim(ip)) return ip;
  throw new MeshError(
    'SERVICE_IP_TAKEN',
    `Service ${keyOf(service)} asks for spec.clusterIP ${ip}, which another Service has`,
  );
}

function rangeIsFull(cidr: Cidr): MeshError {
  return new MeshError(
    'SERVICE_IPS_USED_UP',
    `all addresses of ${formatCidr(cidr)} are taken: choose a larger --service-cidr`,
  );
}
