import { readFile } from 'node:fs/promises';
import { describeError } from '#lib/base';
import { groupOf } from '../store-set.ts';
import { ManifestError } from './error.ts';
import { listManifestFiles } from './listing.ts';
import { type ManifestObject, type Manifests, parseManifests } from './parse.ts';

/**
 * Reads every manifest under a directory (or the one file), nested folders included, in the order of their paths.
 * Rejects with a MeshError if the directory cannot be read; what is wrong inside comes back as errors.
 */
export async function readManifests(dir: string): Promise<Manifests> {
  const { files } = await listManifestFiles(dir);
  const read = await Promise.all([...files.keys()].sort().map(readManifestFile));
  const { objects, errors } = mergeManifests(read.map((manifests) => manifests.objects));
  return { objects, errors: [...read.flatMap((manifests) => manifests.errors), ...errors] };
}

/** Reads one file; a file that cannot be read is an error too. */
export async function readManifestFile(file: string): Promise<Manifests> {
  try {
    return parseManifests(await readFile(file, 'utf8'), file);
  } catch (error) {
    const problem = `the file cannot be read: ${describeError(error)}`;
    return { objects: [], errors: [new ManifestError({ file, line: 1 }, problem)] };
  }
}

/** Puts the objects of several files together. Of two manifests of one object the first counts. */
export function mergeManifests(lists: readonly (readonly ManifestObject[])[]): Manifests {
  const first = new Map<string, ManifestObject>();
  const errors: ManifestError[] = [];
  for (const entry of lists.flat()) {
    const { kind, apiVersion, metadata } = entry.object;
    const key = `${groupOf(apiVersion)}/${kind}/${metadata.namespace ?? ''}/${metadata.name}`;
    const known = first.get(key);
    if (known === undefined) first.set(key, entry);
    else {
      const place = { file: entry.file, line: entry.line, field: 'metadata.name' };
      const name =
        metadata.namespace === undefined ? metadata.name : `${metadata.namespace}/${metadata.name}`;
      errors.push(
        new ManifestError(
          place,
          `${kind} ${name} was already defined at ${known.file}:${known.line}; remove one of the two`,
        ),
      );
    }
  }
  return { objects: [...first.values()], errors };
}
