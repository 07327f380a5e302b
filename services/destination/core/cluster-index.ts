import type { KubeObject } from '#lib/resources';
import { listClusterKeys } from './cluster-keys.ts';

/** The cluster's objects by the keys that they answer (see cluster-keys.ts). */
export interface ClusterIndex {
  lookup(key: string): Iterable<KubeObject>;
  /** Puts `next` in place of `previous` (either may be absent) and returns the keys with another answer now. */
  replace(previous: KubeObject | undefined, next: KubeObject | undefined): ReadonlySet<string>;
}

export function createClusterIndex(): ClusterIndex {
  const byKey = new Map<string, Set<KubeObject>>();
  return {
    lookup: (key) => byKey.get(key) ?? [],
    replace(previous, next) {
      const touched = new Set<string>();
      for (const key of previous === undefined ? [] : listClusterKeys(previous)) {
        const objects = byKey.get(key);
        objects?.delete(previous as KubeObject);
        if (objects?.size === 0) byKey.delete(key);
        touched.add(key);
      }
      for (const key of next === undefined ? [] : listClusterKeys(next)) {
        const objects = byKey.get(key) ?? new Set();
        byKey.set(key, objects.add(next as KubeObject));
        touched.add(key);
      }
      return touched;
    },
  };
}
