import { type FSWatcher, watch } from 'node:fs';

/** Watches on a changing set of directories. */
export interface DirectoryWatchers {
  /** Makes the watched directories these. */
  follow(directories: readonly string[]): void;
  close(): void;
}

/**
 * Calls `onEvent` when anything in the directories may have changed. A watch that fails is dropped without a
 * word: events are only there to be quick, the periodic listing is what is relied on.
 * One plain watch for each directory: Node's recursive watch on Linux opens one for every file, too.
 */
export function createDirectoryWatchers(onEvent: () => void): DirectoryWatchers {
  const watchers = new Map<string, FSWatcher>();
  const drop = (directory: string) => {
    watchers.get(directory)?.close();
    watchers.delete(directory);
  };
  const add = (directory: string) => {
    try {
      const watcher = watch(directory, onEvent);
      watcher.on('error', () => drop(directory));
      watchers.set(directory, watcher);
    } catch {
      // Vanished meanwhile, or out of inotify watches.
    }
  };
  return {
    follow(directories) {
      const wanted = new Set(directories);
      for (const directory of [...watchers.keys()]) if (!wanted.has(directory)) drop(directory);
      for (const directory of directories) if (!watchers.has(directory)) add(directory);
    },
    close() {
      for (const directory of [...watchers.keys()]) drop(directory);
    },
  };
}
