import { type FSWatcher, watch } from 'node:fs';

export interface LevelWatcher {
  /** Looks now; resolves when that look is over. What the watch and the timer call. */
  check(): Promise<void>;
  close(): void;
}

export interface LevelWatcherOptions {
  readonly directories: readonly string[];
  readonly intervalMs: number;
  /** Compares what is there with what is in use. Must not reject. */
  readonly look: () => Promise<void>;
  readonly onWatchError: (directory: string, error: unknown) => void;
}

/** A volume of Kubernetes changes in several steps; one look after the last of them is enough. */
const SETTLE_MS = 100;

/**
 * Looks at files when their directory changes and, because such events get lost, on a timer too. The file system's
 * events only make it quicker: a missed one never matters (design.md, D6).
 */
export function startLevelWatcher(options: LevelWatcherOptions): LevelWatcher {
  let settling: NodeJS.Timeout | undefined;
  let tail = Promise.resolve();
  const check = () => {
    tail = tail.then(options.look);
    return tail;
  };
  const notice = () => {
    settling ??= setTimeout(() => {
      settling = undefined;
      void check();
    }, SETTLE_MS);
  };
  const watchers = [...new Set(options.directories)].flatMap((directory) =>
    watchDirectory(directory, notice, options),
  );
  const timer = setInterval(() => void check(), options.intervalMs);
  return {
    check,
    close: () => {
      clearInterval(timer);
      clearTimeout(settling);
      for (const watcher of watchers) watcher.close();
    },
  };
}

function watchDirectory(directory: string, notice: () => void, options: LevelWatcherOptions): FSWatcher[] {
  try {
    const watcher = watch(directory, notice);
    watcher.on('error', (error) => options.onWatchError(directory, error));
    return [watcher];
  } catch (error) {
    options.onWatchError(directory, error);
    return [];
  }
}
