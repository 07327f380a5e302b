import type { Clock } from '#lib/base';
import type { KubeObject } from '#lib/resources';
import type { LagRecorder } from '../lag.ts';
import type { ManifestError } from '../manifest/error.ts';
import { type ManifestObject, normalizeObject } from '../manifest/parse.ts';
import { mergeManifests } from '../manifest/read.ts';
import type { ObjectStore } from '../object-store.ts';
import type { StoreChange } from '../source.ts';
import { groupOf, type StoreSet } from '../store-set.ts';

/** Puts the objects of all files into the stores. */
export interface Publisher {
  publish(
    files: readonly (readonly ManifestObject[])[],
    modifiedMs: (file: string) => number | undefined,
  ): void;
}

export interface PublisherOptions {
  readonly stores: StoreSet;
  readonly clock: Clock;
  /** By the kind's plural. */
  readonly lag: ReadonlyMap<string, LagRecorder>;
  readonly reportError: (error: ManifestError) => void;
}

export function createPublisher({ stores, clock, lag, reportError }: PublisherOptions): Publisher {
  let reported = new Set<string>();
  return {
    publish(files, modifiedMs) {
      const { objects, errors } = mergeManifests(files);
      for (const error of errors) if (!reported.has(error.message)) reportError(error);
      reported = new Set(errors.map((error) => error.message));
      const sorted = sortByStore(objects, stores);
      // All stores first, then the news: a listener that looks at another store sees the same state.
      const news = [...sorted].map(([store, entries]) => ({
        store,
        entries,
        changes: store.replace(entries.keys()),
      }));
      for (const { store, entries, changes } of news) {
        const record = lag.get(store.kind.plural);
        if (store.synced && record !== undefined) recordLag(changes, { entries, modifiedMs, record, clock });
        store.publish(changes);
      }
    },
  };
}

/** For every store, its objects and the files they are from. Stores without objects are there, too. */
function sortByStore(
  objects: readonly ManifestObject[],
  stores: StoreSet,
): Map<ObjectStore, Map<KubeObject, string>> {
  const sorted = new Map([...stores.all()].map((store) => [store, new Map<KubeObject, string>()]));
  for (const { object, file } of objects) {
    const store = stores.find(groupOf(object.apiVersion), object.kind);
    if (store !== undefined) sorted.get(store)?.set(normalizeObject(object, store.kind), file);
  }
  return sorted;
}

function recordLag(
  changes: readonly StoreChange<KubeObject>[],
  options: {
    readonly entries: ReadonlyMap<KubeObject, string>;
    readonly modifiedMs: (file: string) => number | undefined;
    readonly record: LagRecorder;
    readonly clock: Clock;
  },
): void {
  const nowMs = options.clock.now();
  for (const { object } of changes) {
    const file = options.entries.get(object);
    const writtenMs = file === undefined ? undefined : options.modifiedMs(file);
    if (writtenMs !== undefined) options.record((nowMs - writtenMs) / 1000);
  }
}
