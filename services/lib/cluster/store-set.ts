import { MeshError } from '#lib/base';
import type { KubeObject, ResourceKind } from '#lib/resources';
import { createObjectStore, kindKey, type ObjectStore } from './object-store.ts';
import type { Store } from './source.ts';

/** The stores of a source, one for each kind that was asked for. */
export interface StoreSet {
  store<T extends KubeObject>(kind: ResourceKind<T>): Store<T>;
  /** The store that holds objects of this group and kind, if somebody asked for them. */
  find(group: string, kind: string): ObjectStore | undefined;
  all(): Iterable<ObjectStore>;
  /** From now on a kind that nobody has asked for is an error in the program. */
  seal(): void;
}

export function createStoreSet(): StoreSet {
  const stores = new Map<string, ObjectStore>();
  let sealed = false;
  return {
    store<T extends KubeObject>(kind: ResourceKind<T>): Store<T> {
      const key = kindKey(kind);
      const known = stores.get(key);
      if (known !== undefined) return known as ObjectStore as unknown as Store<T>;
      if (sealed) {
        throw new MeshError(
          'LINKERD_CLUSTER_STARTED',
          `${kind.kind} objects were asked for after the cluster source had started; ask for all kinds before`,
        );
      }
      const store = createObjectStore(kind);
      stores.set(key, store as unknown as ObjectStore);
      return store;
    },
    find: (group, kind) => stores.get(kindKey({ group, kind })),
    all: () => stores.values(),
    seal() {
      sealed = true;
    },
  };
}

/** `apps/v1` → `apps`; `v1` → the core group, written as an empty string. */
export function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/');
  return slash === -1 ? '' : apiVersion.slice(0, slash);
}
