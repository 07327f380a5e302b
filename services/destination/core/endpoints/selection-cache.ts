import type { AddressSet } from './address-set.ts';
import { diffEndpoints, type EndpointUpdate } from './endpoint-diff.ts';
import { type ClientPlace, type Endpoint, selectEndpoints } from './selection.ts';

type Endpoints = ReadonlyMap<string, Endpoint>;

/** Selects and compares once for all clients that see the same: those of a zone as a rule, not of a node. */
export interface SelectionCache {
  select(set: AddressSet, client: ClientPlace & { readonly hostname: string | undefined }): Endpoints;
  diff(before: Endpoints, after: Endpoints, labels: AddressSet['labels']): EndpointUpdate;
}

/** Remembers answers as long as the sets that they are about are alive. */
export function createSelectionCache({ zoneWeights }: { zoneWeights: boolean }): SelectionCache {
  const selections = new WeakMap<AddressSet, Map<string, Endpoints>>();
  const updates = new WeakMap<Endpoints, WeakMap<Endpoints, EndpointUpdate>>();
  return {
    select(set, client) {
      const known = selections.get(set) ?? new Map<string, Endpoints>();
      selections.set(set, known);
      const key = JSON.stringify([client.hostname, client.zone, set.localOnly ? client.nodeName : '']);
      const endpoints = known.get(key) ?? selectEndpoints(set, { ...client, zoneWeights });
      known.set(key, endpoints);
      return endpoints;
    },
    diff(before, after, labels) {
      const known = updates.get(after) ?? new WeakMap<Endpoints, EndpointUpdate>();
      updates.set(after, known);
      const update = known.get(before) ?? { ...diffEndpoints(before, after), labels };
      known.set(before, update);
      return update;
    },
  };
}
