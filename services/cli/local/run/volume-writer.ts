import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

/** The link to the folder that holds the current files; their names in the volume are links through it. */
const DATA_LINK = '..data';

/**
 * Brings the files of a volume to what is wanted, all at once: a reader sees the old set or the new one, as in a
 * kubelet's volumes. Returns whether anything changed.
 */
export function writeVolumeFiles(dir: string, files: ReadonlyMap<string, Buffer>): boolean {
  mkdirSync(dir, { recursive: true, mode: 0o755 });
  if (holdsAlready(dir, files)) return false;
  const previous = readLink(join(dir, DATA_LINK));
  const next = `..${Date.now()}_${process.hrtime.bigint()}`;
  mkdirSync(join(dir, next), { mode: 0o755 });
  for (const [path, content] of files) {
    const file = join(dir, next, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content, { mode: 0o644 });
  }
  symlinkSync(next, join(dir, `${DATA_LINK}_next`));
  renameSync(join(dir, `${DATA_LINK}_next`), join(dir, DATA_LINK));
  linkNames(dir, files);
  if (previous !== undefined) rmSync(join(dir, previous), { recursive: true, force: true });
  return true;
}

function holdsAlready(dir: string, files: ReadonlyMap<string, Buffer>): boolean {
  if (readLink(join(dir, DATA_LINK)) === undefined) return false;
  const present = readdirSync(join(dir, DATA_LINK), { recursive: true, withFileTypes: true }).filter(
    (entry) => entry.isFile(),
  );
  if (present.length !== files.size) return false;
  return [...files].every(([path, content]) => {
    try {
      return readFileSync(join(dir, DATA_LINK, path)).equals(content);
    } catch {
      return false;
    }
  });
}

/** A link for the first part of every path, and none for what has gone. */
function linkNames(dir: string, files: ReadonlyMap<string, Buffer>): void {
  const names = new Set([...files.keys()].map((path) => path.split('/')[0] ?? path));
  for (const entry of readdirSync(dir)) {
    if (!entry.startsWith('..') && !names.has(entry))
      rmSync(join(dir, entry), { recursive: true, force: true });
  }
  for (const name of names) {
    if (!exists(join(dir, name))) symlinkSync(`${DATA_LINK}/${name}`, join(dir, name));
  }
}

function readLink(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

function exists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
