import type { MeshError } from '#lib/base';
import { ManifestError, type ManifestObject, readManifests } from '#lib/cluster';
import type { KubeObject } from '#lib/resources';
import { findProblems } from './core/validate.ts';
import { type Programs, resolveCommand } from './run/program.ts';

export interface LoadedManifests {
  readonly objects: readonly KubeObject[];
  /** Each names file, line and field. */
  readonly errors: readonly MeshError[];
}

/** Reads the user's manifests and checks that local mode can carry them out. Rejects if DIR cannot be read. */
export async function loadManifests(dir: string, programs: Programs): Promise<LoadedManifests> {
  const { objects, errors } = await readManifests(dir);
  return {
    objects: objects.map(({ object }) => object),
    errors: [...errors, ...objects.flatMap((entry) => checkObject(entry, programs))],
  };
}

function checkObject({ object, file, line }: ManifestObject, programs: Programs): ManifestError[] {
  const problems = findProblems(object, (container) => resolveCommand(container, programs) !== undefined);
  return problems.map(({ field, sentence }) => new ManifestError({ file, line, field }, sentence));
}
