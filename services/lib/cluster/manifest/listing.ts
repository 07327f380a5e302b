import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describeError, errorCode, MeshError } from '#lib/base';

export interface ManifestListing {
  /** Path → stamp: another stamp is another content. */
  readonly files: ReadonlyMap<string, ManifestStamp>;
  /** The directory itself and all below it. */
  readonly directories: readonly string[];
}

export interface ManifestStamp {
  readonly text: string;
  /** Milliseconds since the epoch. */
  readonly modifiedMs: number;
}

/**
 * Lists the .yaml, .yml and .json files under a directory. Names that begin with a dot are skipped (editors'
 * temporary files, Kubernetes' `..data`), links to files are followed. Given a file, lists that file.
 * Rejects with a MeshError if the directory itself cannot be read; what vanishes meanwhile is left out.
 */
export async function listManifestFiles(dir: string): Promise<ManifestListing> {
  const files = new Map<string, ManifestStamp>();
  const directories: string[] = [];
  try {
    const root = await stat(dir);
    if (root.isDirectory()) await listInto(dir, { files, directories });
    else await addFile(dir, files);
  } catch (error) {
    throw new MeshError(
      'LINKERD_MANIFEST_DIR_UNREADABLE',
      `manifests at "${dir}" cannot be read: ${describeError(error)}; name a readable directory`,
      { cause: error },
    );
  }
  return { files, directories };
}

interface Found {
  readonly files: Map<string, ManifestStamp>;
  readonly directories: string[];
}

async function listInto(dir: string, found: Found): Promise<void> {
  found.directories.push(dir);
  const entries = await readdir(dir, { withFileTypes: true });
  await Promise.all(entries.map((entry) => ignoreVanished(listEntry(join(dir, entry.name), entry, found))));
}

async function listEntry(path: string, entry: Dirent, found: Found): Promise<void> {
  if (entry.name.startsWith('.')) return;
  if (entry.isDirectory()) await listInto(path, found);
  else if (/\.(?:ya?ml|json)$/i.test(entry.name)) await addFile(path, found.files);
}

async function addFile(path: string, files: Map<string, ManifestStamp>): Promise<void> {
  const stats = await stat(path);
  if (!stats.isFile()) return;
  const text = `${stats.ino}:${stats.size}:${stats.mtimeMs}:${stats.ctimeMs}`;
  files.set(path, { text, modifiedMs: stats.mtimeMs });
}

async function ignoreVanished(work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
}
