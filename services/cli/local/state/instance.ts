import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode, MeshError } from '#lib/base';
import type { KubeObject, Pod } from '#lib/resources';
import { DEFAULT_BASE_DIR, type InstancePaths, instancePaths } from './paths.ts';

/** What a local mesh says of itself in its `instance.json`. */
export interface Instance {
  readonly name: string;
  readonly version: string;
  readonly pid: number;
  /** When the process began, in the kernel's ticks since boot: tells it from a later one with the same pid. */
  readonly pidStart: string;
  /** Where a mesh without root lives, such as `user:[4026532261]`; absent in the machine's own namespace. */
  readonly userNamespace?: string;
  /** The folder of the user's manifests. */
  readonly manifestsDir: string;
  readonly podCidr: string;
  readonly serviceCidr: string;
  readonly dnsIp: string;
  readonly nodeNetns: string;
  readonly controlPlaneNamespace: string;
  readonly clusterDomain: string;
  readonly trustDomain: string;
  readonly stateDir: string;
  readonly logsDir: string;
  readonly trustAnchorsFile: string;
  /** Every pod that is wanted is ready, the control plane's among them. */
  readonly ready: boolean;
}

export interface InstanceState {
  readonly instance: Instance;
  /** Whether its `linkerd local up` still runs. */
  readonly running: boolean;
  /** Every object of the mesh as its control plane sees it. */
  readonly objects: readonly KubeObject[];
  readonly pods: readonly Pod[];
}

/** Reads a local mesh by its name; undefined when there is none. */
export function readInstance(name: string, baseDir: string = DEFAULT_BASE_DIR): InstanceState | undefined {
  const paths = instancePaths(baseDir, name);
  const instance = readInstanceFile(paths);
  if (instance === undefined) return undefined;
  const objects = readObjects(paths.stateDir);
  const pods = objects.filter((object): object is Pod => object.kind === 'Pod');
  return { instance, running: isRunning(instance), objects, pods };
}

/** The names of all local meshes of this machine, those of crashed processes included. */
export function listInstances(baseDir: string = DEFAULT_BASE_DIR): readonly string[] {
  try {
    return readdirSync(baseDir, { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() ? [entry.name] : [],
    );
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

export function readInstanceFile(paths: InstancePaths): Instance | undefined {
  try {
    return JSON.parse(readFileSync(paths.instanceFile, 'utf8')) as Instance;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    if (errorCode(error) !== 'EACCES') throw error;
    throw new MeshError(
      'LOCAL_NOT_YOURS',
      `${paths.instanceFile} is not readable for user ${process.getuid?.()}: the local mesh is another user's, such as root's; use sudo`,
      { cause: error },
    );
  }
}

export function writeInstanceFile(paths: InstancePaths, instance: Instance): void {
  const next = `${paths.instanceFile}.next`;
  writeFileSync(next, `${JSON.stringify(instance, null, 2)}\n`, { mode: 0o644 });
  renameSync(next, paths.instanceFile);
}

/** Whether the process that wrote the file is alive, and not another one that got its number. */
export function isRunning(instance: Instance): boolean {
  return readProcessStart(instance.pid) === instance.pidStart;
}

/** Field 22 of /proc/PID/stat; the name before it may hold spaces and brackets. An empty text: no such process. */
export function readProcessStart(pid: number): string {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? '' : (fields[19] ?? '');
  } catch {
    return '';
  }
}

function readObjects(dir: string): KubeObject[] {
  return listFiles(dir).flatMap((file) => {
    try {
      return [JSON.parse(readFileSync(file, 'utf8')) as KubeObject];
    } catch (error) {
      // Gone since it was listed.
      if (errorCode(error) === 'ENOENT') return [];
      throw error;
    }
  });
}

/** A mesh that just begins has no folder yet. */
function listFiles(dir: string): string[] {
  try {
    return readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
      const path = join(dir, entry.name);
      if (entry.isDirectory()) return listFiles(path);
      return entry.name.startsWith('.') || !entry.name.endsWith('.json') ? [] : [path];
    });
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}
