import { MeshError } from '#lib/base';
import type { KubeObject, ResourceKind } from '#lib/resources';
import type { ObjectStore } from './object-store.ts';
import type { ClusterSource } from './source.ts';
import { createStoreSet, groupOf } from './store-set.ts';

/** A source whose objects the program itself puts: for tests and simulations. */
export interface MemorySource extends ClusterSource {
  /** Adds or replaces an object of a kind that was asked for. An equal object changes nothing. */
  put(...objects: readonly KubeObject[]): void;
  delete(kind: ResourceKind<KubeObject>, namespace: string, name: string): void;
}

/** Changes are seen at once, also before `start`; `start` only makes the stores synced. */
export function createMemorySource(): MemorySource {
  const stores = createStoreSet();
  const storeOf = (group: string, kind: string): ObjectStore => {
    const store = stores.find(group, kind);
    if (store !== undefined) return store;
    throw new MeshError('LINKERD_KIND_NOT_WATCHED', `nobody asked the source for ${kind} objects`);
  };
  return {
    store: stores.store,
    async start() {
      stores.seal();
      for (const store of stores.all()) store.markSynced();
    },
    async close() {},
    put(...objects) {
      for (const object of objects) {
        const store = storeOf(groupOf(object.apiVersion), object.kind);
        store.publish(store.put(object));
      }
    },
    delete(kind, namespace, name) {
      const store = storeOf(kind.group, kind.kind);
      store.publish(store.remove(namespace, name));
    },
  };
}
