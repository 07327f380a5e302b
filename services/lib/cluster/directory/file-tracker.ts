import type { Clock } from '#lib/base';
import type { ManifestError } from '../manifest/error.ts';
import type { ManifestStamp } from '../manifest/listing.ts';
import type { ManifestObject } from '../manifest/parse.ts';
import { readManifestFile } from '../manifest/read.ts';

/** Knows what is in every file, and which files to read again. */
export interface FileTracker {
  /** Reads the files whose stamps have changed and have then stayed the same for the settling time. */
  update(listing: ReadonlyMap<string, ManifestStamp>): Promise<TrackerUpdate>;
  /** The last good objects of every file, files in the order of their paths. */
  objects(): readonly (readonly ManifestObject[])[];
  /** When the file was last written, in milliseconds since the epoch; undefined for one that is gone. */
  modifiedMs(file: string): number | undefined;
}

export interface TrackerUpdate {
  /** Files whose objects may be others now. */
  readonly changedFiles: number;
  readonly errors: readonly ManifestError[];
  readonly unsettled: boolean;
}

interface TrackedFile {
  readonly stamp: ManifestStamp;
  readonly objects: readonly ManifestObject[];
}

interface PendingFile {
  /** Undefined for a file that has gone. */
  readonly stamp: string | undefined;
  readonly sinceMs: number;
}

export function createFileTracker({ settleMs, clock }: { settleMs: number; clock: Clock }): FileTracker {
  const files = new Map<string, TrackedFile>();
  const pending = new Map<string, PendingFile>();
  let first = true;

  /** Whether the file, known to have changed, has settled. */
  function hasSettled(path: string, stamp: string | undefined): boolean {
    const nowMs = clock.monotonic();
    const waiting = pending.get(path);
    if (waiting === undefined || waiting.stamp !== stamp) pending.set(path, { stamp, sinceMs: nowMs });
    if (first) return true;
    return waiting !== undefined && waiting.stamp === stamp && nowMs - waiting.sinceMs >= settleMs;
  }

  async function reload(path: string, stamp: ManifestStamp | undefined): Promise<readonly ManifestError[]> {
    pending.delete(path);
    if (stamp === undefined) {
      files.delete(path);
      return [];
    }
    const { objects, errors } = await readManifestFile(path);
    const good = errors.length === 0 ? objects : (files.get(path)?.objects ?? []);
    files.set(path, { stamp, objects: good });
    return errors;
  }

  return {
    async update(listing) {
      const settled: string[] = [];
      for (const path of new Set([...files.keys(), ...listing.keys()])) {
        const stamp = listing.get(path)?.text;
        if (files.get(path)?.stamp.text === stamp) pending.delete(path);
        else if (hasSettled(path, stamp)) settled.push(path);
      }
      first = false;
      const errors = await Promise.all(settled.sort().map((path) => reload(path, listing.get(path))));
      return { changedFiles: settled.length, errors: errors.flat(), unsettled: pending.size > 0 };
    },
    objects: () => [...files.keys()].sort().map((path) => files.get(path)?.objects ?? []),
    modifiedMs: (path) => files.get(path)?.stamp.modifiedMs,
  };
}
