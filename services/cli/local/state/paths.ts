import { join } from 'node:path';

/** The files of one local mesh, all under one folder that `down` removes. */
export interface InstancePaths {
  readonly dir: string;
  /** Who runs it, and on what addresses: see `Instance`. */
  readonly instanceFile: string;
  /** What the control plane reads: one file for each object. */
  readonly stateDir: string;
  /** Volumes of the pods; only root may look. */
  readonly podsDir: string;
  /** `NAMESPACE_POD_CONTAINER.log` */
  readonly logsDir: string;
  /** What a detached `up` prints. */
  readonly upLog: string;
  readonly trustAnchorsFile: string;
}

export const DEFAULT_BASE_DIR = '/run/linkerd-local';

/** Where the local meshes of a user without root are. */
export function userBaseDir(uid: number, runtimeDir: string | undefined): string {
  return runtimeDir ? join(runtimeDir, 'linkerd-local') : `/tmp/linkerd-local-${uid}`;
}

export function instancePaths(baseDir: string, name: string): InstancePaths {
  const dir = join(baseDir, name);
  return {
    dir,
    instanceFile: join(dir, 'instance.json'),
    stateDir: join(dir, 'state'),
    podsDir: join(dir, 'pods'),
    logsDir: join(dir, 'logs'),
    upLog: join(dir, 'up.log'),
    trustAnchorsFile: join(dir, 'trust-anchors.pem'),
  };
}

export function containerLogFile(
  paths: InstancePaths,
  pod: { namespace: string; name: string },
  container: string,
): string {
  return join(paths.logsDir, `${pod.namespace}_${pod.name}_${container}.log`);
}
