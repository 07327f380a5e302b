import { isDeepStrictEqual } from 'node:util';
import type { KubeObject, ResourceKind } from '#lib/resources';
import type { Store, StoreChange } from './source.ts';

/** The writing side of a store, for the sources. */
export interface ObjectStore<T extends KubeObject = KubeObject> extends Store<T> {
  /** Makes these the store's objects and returns what changed; equal objects are no change. Tells nobody yet. */
  replace(objects: Iterable<T>): readonly StoreChange<T>[];
  put(object: T): readonly StoreChange<T>[];
  remove(namespace: string, name: string): readonly StoreChange<T>[];
  markSynced(): void;
  /** Tells the listeners of changes that the store already holds. */
  publish(changes: readonly StoreChange<T>[]): void;
}

/** The identity of a kind, its version aside: versions of a kind are the same objects. */
export function kindKey(kind: { readonly group: string; readonly kind: string }): string {
  return `${kind.group}/${kind.kind}`;
}

export function createObjectStore<T extends KubeObject>(kind: ResourceKind<T>): ObjectStore<T> {
  let objects = new Map<string, T>();
  let synced = false;
  const listeners = new Set<(change: StoreChange<T>) => void>();
  return {
    kind,
    get synced() {
      return synced;
    },
    get: (namespace, name) => objects.get(objectKey(namespace, name)),
    list: (namespace) =>
      [...objects.values()].filter((object) => (namespace ?? namespaceOf(object)) === namespaceOf(object)),
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    replace(next) {
      const previous = objects;
      objects = new Map();
      for (const object of next) objects.set(keyOf(object), object);
      return diffObjects(previous, objects);
    },
    put(object) {
      const key = keyOf(object);
      const changes = diffObject(objects.get(key), object);
      if (changes.length > 0) objects.set(key, object);
      return changes;
    },
    remove(namespace, name) {
      const key = objectKey(namespace, name);
      const changes = diffObject(objects.get(key), undefined);
      objects.delete(key);
      return changes;
    },
    markSynced() {
      synced = true;
    },
    publish(changes) {
      for (const change of changes) for (const listener of [...listeners]) listener(change);
    },
  };
}

/** Also puts the old object back in place of an equal new one, so that equal objects stay identical. */
function diffObjects<T extends KubeObject>(before: Map<string, T>, after: Map<string, T>): StoreChange<T>[] {
  const changes: StoreChange<T>[] = [];
  for (const [key, object] of before) if (!after.has(key)) changes.push({ type: 'deleted', object });
  for (const [key, object] of after) {
    const previous = before.get(key);
    const change = diffObject(previous, object);
    if (change.length === 0 && previous !== undefined) after.set(key, previous);
    changes.push(...change);
  }
  return changes;
}

function diffObject<T extends KubeObject>(previous: T | undefined, object: T | undefined): StoreChange<T>[] {
  if (object === undefined) return previous === undefined ? [] : [{ type: 'deleted', object: previous }];
  if (previous === undefined) return [{ type: 'added', object }];
  return isDeepStrictEqual(previous, object) ? [] : [{ type: 'modified', object, previous }];
}

function keyOf(object: KubeObject): string {
  return objectKey(namespaceOf(object), object.metadata.name);
}

function objectKey(namespace: string, name: string): string {
  return `${namespace}/${name}`;
}

function namespaceOf(object: KubeObject): string {
  return object.metadata.namespace ?? '';
}
