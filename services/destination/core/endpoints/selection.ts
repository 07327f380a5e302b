import { type Address, addressKey } from './address.ts';
import type { AddressSet, Candidate } from './address-set.ts';

/** An address as one client sees it. */
export interface Endpoint {
  readonly address: Address;
  /** Whether it is in the client's zone; absent for addresses without a workload. */
  readonly locality: Locality | undefined;
  readonly weight: number;
}

export type Locality = 'local' | 'remote' | 'unknown';

/** Where the client is; empty texts where unknown. */
export interface ClientPlace {
  readonly nodeName: string;
  readonly zone: string;
}

const DEFAULT_WEIGHT = 10_000;
const SAME_ZONE_FACTOR = 10;

/** Which addresses a client gets, by `ip:port`. Source: facts sheet control-plane, "Endpoint selection". */
export function selectEndpoints(
  set: AddressSet,
  client: ClientPlace & { readonly hostname: string | undefined; readonly zoneWeights: boolean },
): ReadonlyMap<string, Endpoint> {
  const named = [...set.candidates.values()].filter(
    ({ hostname }) => client.hostname === undefined || hostname === client.hostname,
  );
  const chosen = set.localOnly
    ? named.filter(({ nodeName }) => nodeName !== undefined && nodeName === client.nodeName)
    : filterByZone(named, client.zone);
  return new Map(
    chosen.map((candidate) => [
      addressKey(candidate.address),
      createEndpoint(candidate.address, candidate.zone, client),
    ]),
  );
}

export function createEndpoint(
  address: Address,
  zone: string | undefined,
  client: { readonly zone: string; readonly zoneWeights: boolean },
): Endpoint {
  const locality = address.workload === undefined ? undefined : compareZones(client.zone, zone ?? '');
  const isNear = client.zoneWeights && locality === 'local';
  return { address, locality, weight: isNear ? DEFAULT_WEIGHT * SAME_ZONE_FACTOR : DEFAULT_WEIGHT };
}

/** Hints count only if every address has some and they leave any. */
function filterByZone(candidates: readonly Candidate[], zone: string): readonly Candidate[] {
  if (candidates.some(({ forZones }) => forZones === undefined || forZones.length === 0)) return candidates;
  const hinted = candidates.filter(({ forZones }) => forZones?.includes(zone));
  return hinted.length > 0 ? hinted : candidates;
}

function compareZones(client: string, zone: string): Locality {
  if (client === '' || zone === '') return 'unknown';
  return client === zone ? 'local' : 'remote';
}
