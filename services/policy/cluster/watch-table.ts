import { isDeepStrictEqual } from 'node:util';

/** Watches of computed values, found by what the values depend on. */
export interface WatchTable<T> {
  /** How many watches there are. */
  readonly size: number;
  /** Calls `listener` with every later value that differs from the one before; returns what ends the watch. */
  watch(key: string, watch: Watch<T>): () => void;
  /** Computes the values under these keys anew. */
  refresh(keys: Iterable<string>): void;
}

export interface Watch<T> {
  readonly compute: () => T;
  /** What the watcher has already. */
  readonly initial: T;
  readonly listener: (value: T) => void;
}

export function createWatchTable<T>(): WatchTable<T> {
  const table = new Map<string, Set<Entry<T>>>();
  let size = 0;
  return {
    get size() {
      return size;
    },
    watch(key, watch) {
      const entries = table.get(key) ?? new Set();
      table.set(key, entries);
      const entry = { watch, last: watch.initial };
      entries.add(entry);
      size += 1;
      return () => {
        if (!entries.delete(entry)) return;
        size -= 1;
        if (entries.size === 0 && table.get(key) === entries) table.delete(key);
      };
    },
    refresh(keys) {
      for (const key of keys) for (const entry of [...(table.get(key) ?? [])]) refreshEntry(entry);
    },
  };
}

interface Entry<T> {
  readonly watch: Watch<T>;
  last: T;
}

function refreshEntry<T>(entry: Entry<T>): void {
  const value = entry.watch.compute();
  if (isDeepStrictEqual(value, entry.last)) return;
  entry.last = value;
  entry.watch.listener(value);
}
