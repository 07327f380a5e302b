import { type Clock, describeError, systemClock } from '#lib/base';
import type { Logger, Registry } from '#lib/telemetry';
import { createLagRecorder, type LagRecorder } from '../lag.ts';
import type { ManifestError } from '../manifest/error.ts';
import { listManifestFiles } from '../manifest/listing.ts';
import type { ClusterSource } from '../source.ts';
import { createStoreSet } from '../store-set.ts';
import { createFileTracker, type FileTracker } from './file-tracker.ts';
import { createPublisher, type Publisher } from './publisher.ts';
import { createDirectoryWatchers } from './watchers.ts';

export interface DirectorySourceOptions {
  /** A directory of manifests, or one file. */
  readonly dir: string;
  readonly log?: Logger;
  /** Gets one lag histogram for each kind. */
  readonly registry?: Registry;
  /** How long a file must rest before it is read, so that half-written ones are not. Default 25 ms. */
  readonly settleMs?: number;
  /** How often everything is listed anew, in case an event was missed. Default 1 s. */
  readonly relistMs?: number;
  /** Called for everything that is wrong, again only when its file was read again. */
  readonly onError?: (error: ManifestError) => void;
  readonly clock?: Clock;
}

/**
 * Cluster state from a directory of manifests, reloaded as it changes. A file that is broken keeps its last good
 * objects; the directory being unreadable keeps everything. Only `start` rejects.
 */
export function createDirectorySource(options: DirectorySourceOptions): ClusterSource {
  const { dir, settleMs = 25, relistMs = 1000, clock = systemClock } = options;
  const stores = createStoreSet();
  const tracker = createFileTracker({ settleMs, clock });
  const reportError = (error: ManifestError) => {
    options.log?.error('manifest refused, keeping its last good state', { error: error.message });
    options.onError?.(error);
  };
  let publisher: Publisher | undefined;
  const loop = createScanLoop({
    scan: () => scan(dir, { tracker, publisher, reportError }),
    settleMs,
    relistMs,
    onFailure: (error) =>
      options.log?.warn('manifests not read, keeping the last state', { error: describeError(error) }),
  });
  return {
    store: stores.store,
    async start() {
      stores.seal();
      const lag = createLagRecorders(stores.all(), options.registry);
      publisher = createPublisher({ stores, clock, lag, reportError });
      await loop.start();
      for (const store of stores.all()) store.markSynced();
    },
    close: loop.close,
  };
}

interface ScanParts {
  readonly tracker: FileTracker;
  readonly publisher: Publisher | undefined;
  readonly reportError: (error: ManifestError) => void;
}

interface ScanResult {
  readonly directories: readonly string[];
  /** Some file has changed and has not settled yet. */
  readonly unsettled: boolean;
}

async function scan(dir: string, { tracker, publisher, reportError }: ScanParts): Promise<ScanResult> {
  const listing = await listManifestFiles(dir);
  const { changedFiles, errors, unsettled } = await tracker.update(listing.files);
  for (const error of errors) reportError(error);
  if (changedFiles > 0) publisher?.publish(tracker.objects(), tracker.modifiedMs);
  return { directories: listing.directories, unsettled };
}

interface ScanLoopOptions {
  readonly scan: () => Promise<ScanResult>;
  readonly settleMs: number;
  readonly relistMs: number;
  readonly onFailure: (error: unknown) => void;
}

/** Runs scans one at a time: at once on an event, soon while files settle, and every `relistMs`. */
function createScanLoop({ scan, settleMs, relistMs, onFailure }: ScanLoopOptions) {
  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  let dueMs = Number.POSITIVE_INFINITY;
  let running: Promise<void> | undefined;
  let again = false;
  let failing = false;
  const watchers = createDirectoryWatchers(() => schedule(0));

  function schedule(delayMs: number): void {
    if (closed) return;
    if (running !== undefined && delayMs === 0) {
      again = true;
      return;
    }
    const due = performance.now() + delayMs;
    if (timer !== undefined && dueMs <= due) return;
    clearTimeout(timer);
    dueMs = due;
    timer = setTimeout(() => {
      timer = undefined;
      running ??= run().finally(() => {
        running = undefined;
        if (again) schedule(0);
      });
    }, delayMs);
  }

  async function run(): Promise<void> {
    again = false;
    try {
      await runOnce();
      failing = false;
    } catch (error) {
      if (!failing) onFailure(error);
      failing = true;
      schedule(relistMs);
    }
  }

  async function runOnce(): Promise<void> {
    const { directories, unsettled } = await scan();
    if (closed) return;
    watchers.follow(directories);
    schedule(unsettled ? settleMs : relistMs);
  }

  return {
    start: runOnce,
    async close() {
      closed = true;
      clearTimeout(timer);
      watchers.close();
      await running;
    },
  };
}

function createLagRecorders(
  stores: Iterable<{ readonly kind: Parameters<typeof createLagRecorder>[1] }>,
  registry: Registry | undefined,
): ReadonlyMap<string, LagRecorder> {
  if (registry === undefined) return new Map();
  return new Map([...stores].map(({ kind }) => [kind.plural, createLagRecorder(registry, kind)]));
}
