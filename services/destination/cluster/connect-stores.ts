import type { ClusterSource } from '#lib/cluster';
import {
  ENDPOINT_SLICES,
  EXTERNAL_WORKLOADS,
  type KubeObject,
  NODES,
  PODS,
  REPLICA_SETS,
  type ResourceKind,
  SERVERS,
  SERVICE_PROFILES,
  SERVICES,
} from '#lib/resources';
import type { ClusterIndex } from '../core/cluster-index.ts';

/** The kinds that destination watches. */
export const WATCHED_KINDS: readonly ResourceKind<KubeObject>[] = [
  SERVICES,
  ENDPOINT_SLICES,
  PODS,
  NODES,
  REPLICA_SETS,
  SERVERS,
  SERVICE_PROFILES,
  EXTERNAL_WORKLOADS,
];

/** Of these no cluster needs to know: they count as empty until it does. */
export const OPTIONAL_KINDS = [SERVERS, SERVICE_PROFILES, EXTERNAL_WORKLOADS];

/** Of these labels and owners are read, and nothing else. */
export const METADATA_ONLY_KINDS = [NODES, REPLICA_SETS];

/**
 * Feeds an index from a source that has not started yet, now and from now on. `onTouch` hears of the keys that
 * have other answers. Returns what ends it.
 */
export function connectStores(
  source: Pick<ClusterSource, 'store'>,
  index: ClusterIndex,
  onTouch: (keys: ReadonlySet<string>) => void,
): () => void {
  const stops = WATCHED_KINDS.map((kind) => {
    const store = source.store(kind);
    const stop = store.subscribe((change) => {
      const next = change.type === 'deleted' ? undefined : change.object;
      const previous = change.type === 'modified' ? change.previous : undefined;
      onTouch(index.replace(change.type === 'deleted' ? change.object : previous, next));
    });
    for (const object of store.list()) index.replace(undefined, object);
    return stop;
  });
  return () => {
    for (const stop of stops) stop();
  };
}
