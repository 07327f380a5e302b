import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

export interface ManifestWatch {
  close(): void;
}

/**
 * How often the files are looked at. Looking, rather than waiting for the kernel's events, misses nothing and
 * also works on file systems that send none (shared folders of virtual machines).
 */
const POLL_MS = 150;

/**
 * Calls `onChange` when something under the paths has changed and then rested for one look, so that half-written
 * files are not read. Paths are folders or files; one that is gone counts as a change.
 */
export function watchManifests(paths: readonly string[], onChange: () => void): ManifestWatch {
  let timer: NodeJS.Timeout | undefined;
  let closed = false;
  let settled: string | undefined;
  let previous: string | undefined;
  const look = async () => {
    const stamp = (await Promise.all(paths.map(stampPath))).join('\n');
    if (closed) return;
    settled ??= stamp;
    if (stamp === previous && stamp !== settled) {
      settled = stamp;
      onChange();
    }
    previous = stamp;
    timer = setTimeout(() => void look(), POLL_MS);
  };
  void look();
  return {
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
}

/** A text that differs whenever a file below the path does. */
async function stampPath(path: string): Promise<string> {
  try {
    const stats = await stat(path);
    if (!stats.isDirectory()) return `${path}:${stats.ino}:${stats.size}:${stats.mtimeMs}:${stats.ctimeMs}`;
    const names = (await readdir(path)).filter((name) => !name.startsWith('.')).sort();
    return (await Promise.all(names.map((name) => stampPath(join(path, name))))).join('\n');
  } catch {
    return `${path}:gone`;
  }
}
