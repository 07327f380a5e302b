import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { describeError, errorCode } from '#lib/base';
import { refuseFile } from '../errors.ts';

export interface ConfigPaths {
  /** YAML of the chart's values, from the ConfigMap linkerd-config. */
  readonly valuesFile: string;
  /** PEM, from the ConfigMap linkerd-identity-trust-roots; where it is absent the values have the anchors. */
  readonly trustRootsFile: string;
}

export interface ConfigFiles {
  readonly valuesYaml: string;
  readonly trustRootsPem: string | undefined;
  /** Of both contents: equal means nothing has changed. */
  readonly hash: string;
}

/** Reads both. Rejects with a MeshError that names the file and what to do. */
export async function readConfigFiles({ valuesFile, trustRootsFile }: ConfigPaths): Promise<ConfigFiles> {
  const valuesYaml = await readIfThere(valuesFile);
  if (valuesYaml === undefined) {
    throw refuseFile(
      valuesFile,
      'does not exist: mount the ConfigMap linkerd-config there, or name the file with -values.',
    );
  }
  const trustRootsPem = await readIfThere(trustRootsFile);
  const hash = createHash('sha256')
    .update(JSON.stringify([valuesYaml, trustRootsPem]))
    .digest('hex');
  return { valuesYaml, trustRootsPem, hash };
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(errorCode(error))) return undefined;
    throw refuseFile(path, `cannot be read: ${describeError(error)}; check the mount.`, error);
  }
}
