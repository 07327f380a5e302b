/** Something that lives as long as anybody holds it. */
export interface SharedWatch<W> {
  readonly value: W;
  release(): void;
}

export interface SharedWatches<Q, W> {
  /** The watch of this key: the one there is, or a new one for the question. */
  acquire(key: string, question: Q): SharedWatch<W>;
}

/** Opens one watch for each key, and stops it once all who asked for it have let go. */
export function createSharedWatches<Q, W extends { stop(): void }>(
  open: (key: string, question: Q) => W,
): SharedWatches<Q, W> {
  const watches = new Map<string, { readonly watch: W; holders: number }>();
  return {
    acquire(key, question) {
      const entry = watches.get(key) ?? { watch: open(key, question), holders: 0 };
      watches.set(key, entry);
      entry.holders += 1;
      let held = true;
      return {
        value: entry.watch,
        release() {
          if (!held) return;
          held = false;
          entry.holders -= 1;
          if (entry.holders > 0) return;
          watches.delete(key);
          entry.watch.stop();
        },
      };
    },
  };
}
