import { createHash } from 'node:crypto';
import { conflictingFile } from './errors.ts';
import { countBytes, packTar, type TarEntry } from './tar.ts';

/** One layer of an image: an archive, uncompressed, known by its digest. */
export interface Layer {
  readonly pieces: readonly Uint8Array[];
  readonly bytes: number;
  /** `sha256:…` of the archive; also its diff id, since it is not compressed. */
  readonly digest: string;
}

/** Packs entries with the folders above them, sorted by path. Throws LAYER_CONFLICT for a path that is there twice. */
export function packLayer(entries: readonly TarEntry[], mtimeS: number): Layer {
  const all = new Map<string, TarEntry>();
  for (const entry of entries) {
    if (all.has(entry.path)) throw conflictingFile(entry.path);
    all.set(entry.path, entry);
  }
  for (const path of entries.flatMap((entry) => listParents(entry.path))) {
    if (!all.has(path)) all.set(path, { path, type: 'directory', mode: 0o755 });
  }
  const paths = [...all.keys()].sort();
  const sorted = paths.flatMap((path) => all.get(path) ?? []);
  const pieces = packTar(sorted, { mtimeS });
  return { pieces, bytes: countBytes(pieces), digest: digestOf(pieces) };
}

export function digestOf(pieces: readonly Uint8Array[]): string {
  const hash = createHash('sha256');
  for (const piece of pieces) hash.update(piece);
  return `sha256:${hash.digest('hex')}`;
}

function listParents(path: string): readonly string[] {
  const names = path.split('/').slice(0, -1);
  return names.map((_, index) => names.slice(0, index + 1).join('/'));
}

export function fileEntry(path: string, content: Uint8Array | string, mode = 0o644): TarEntry {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  return { path: trimSlash(path), type: 'file', mode, content: [bytes] };
}

export function linkEntry(path: string, target: string): TarEntry {
  return { path: trimSlash(path), type: 'symlink', mode: 0o777, target };
}

export function folderEntry(path: string, mode = 0o755): TarEntry {
  return { path: trimSlash(path), type: 'directory', mode };
}

function trimSlash(path: string): string {
  return path.replace(/^\//, '');
}
