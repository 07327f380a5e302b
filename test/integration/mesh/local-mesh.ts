import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KubeObject, Pod, Service } from '#lib/resources';
import { podNetnsName } from '../../../services/cli/local/core/names.ts';
import { type InstanceState, readInstance } from '../../../services/cli/local/state/instance.ts';
import { DEFAULT_BASE_DIR, instancePaths } from '../../../services/cli/local/state/paths.ts';
import { report } from '../../support/waiting.ts';
import { type Authority, writeMeshCredentials } from './authority.ts';

const CLI = new URL('../../../services/cli/main.ts', import.meta.url).pathname;

/** How a command of the CLI ended. */
export interface CliResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `linkerd ARGS`. */
function runCli(...args: string[]): Promise<CliResult> {
  return new Promise((resolve) => {
    execFile(process.execPath, [CLI, ...args], (error, stdout, stderr) => {
      resolve({ status: typeof error?.code === 'number' ? error.code : error ? 1 : 0, stdout, stderr });
    });
  });
}

/** A local mesh of a test's own, made by `linkerd local up` as a user would. */
export interface LocalMesh {
  readonly name: string;
  /** A folder for the test's own files; it goes with the mesh. */
  readonly dir: string;
  state(): InstanceState;
  /** The one live pod whose name begins so. */
  pod(prefix: string): Pod;
  pods(prefix: string): readonly Pod[];
  clusterIp(service: string): string;
  /** What a container has printed so far. */
  readLog(pod: Pod, container: string): string;
  /** Puts objects into the folder of manifests, in place of those that `file` held before. */
  write(file: string, objects: readonly KubeObject[]): void;
  remove(file: string): void;
  stop(): Promise<void>;
}

export interface LocalMeshOptions {
  readonly name: string;
  /** Made with the folder for the test's own files. */
  readonly manifests: (dir: string) => readonly KubeObject[];
  /** Who signs; a new authority when left out. */
  readonly credentials?: Authority;
  /** Further flags of `local up`. */
  readonly flags?: readonly string[];
}

/** Brings a mesh up and waits until everything in it is ready. */
export async function startLocalMesh(options: LocalMeshOptions): Promise<LocalMesh> {
  const name = `${options.name}-${process.pid}`;
  const dir = mkdtempSync(join(tmpdir(), 'linkerd-integration-'));
  const manifests = mkdtempSync(join(dir, 'manifests-'));
  const mesh = createMesh(name, { dir, manifests });
  mesh.write('mesh.yaml', options.manifests(dir));
  const startedMs = performance.now();
  const credentials = options.credentials === undefined ? [] : writeMeshCredentials(dir, options.credentials);
  const flags = [...credentials, ...(options.flags ?? [])];
  const up = await runCli('local', 'up', '-f', manifests, '--name', name, '--detach', ...flags);
  if (up.status !== 0) {
    await mesh.stop();
    throw new Error(`linkerd local up ended with ${up.status}:\n${up.stdout}${up.stderr}`);
  }
  report(`${options.name}: mesh up after ${((performance.now() - startedMs) / 1000).toFixed(1)} s`);
  return mesh;
}

function createMesh(name: string, folders: { dir: string; manifests: string }): LocalMesh {
  const { dir, manifests } = folders;
  const state = () => {
    const found = readInstance(name);
    if (found === undefined) throw new Error(`there is no local mesh ${name}`);
    return found;
  };
  const pods = (prefix: string) =>
    state().pods.filter(
      ({ metadata }) => metadata.name.startsWith(prefix) && metadata.deletionTimestamp === undefined,
    );
  return {
    name,
    dir,
    state,
    pods,
    pod: (prefix) => only(pods(prefix), `pod ${prefix}`),
    clusterIp(service) {
      const found = state().objects.filter(
        (object): object is Service => object.kind === 'Service' && object.metadata.name === service,
      );
      return only(found, `service ${service}`).spec.clusterIP ?? '';
    },
    readLog: ({ metadata }, container) =>
      readFileSync(
        join(state().instance.logsDir, `${metadata.namespace}_${metadata.name}_${container}.log`),
        'utf8',
      ),
    write(file, objects) {
      // JSON is YAML; a rename, so that no half of a file is ever read.
      const next = join(dir, file);
      writeFileSync(next, objects.map((object) => JSON.stringify(object, null, 1)).join('\n---\n'));
      renameSync(next, join(manifests, file));
    },
    remove: (file) => rmSync(join(manifests, file)),
    async stop() {
      // What went wrong there says more than what it did to a test.
      for (const line of readWarnings(name)) report(`${name}: ${line}`);
      await runCli('local', 'down', '--name', name);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function readWarnings(name: string): readonly string[] {
  const { upLog } = instancePaths(DEFAULT_BASE_DIR, name);
  if (!existsSync(upLog)) return [];
  return readFileSync(upLog, 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.includes('√'));
}

function only<T>(found: readonly T[], what: string): T {
  const [first] = found;
  if (first === undefined || found.length !== 1) throw new Error(`${found.length} of ${what}`);
  return first;
}

export function podIp(pod: Pod): string {
  return pod.status?.podIP ?? '';
}

interface ContainerStatus {
  readonly name: string;
  readonly ready: boolean;
  readonly restartCount: number;
  readonly pid?: number;
}

export function containerOf(pod: Pod, name: string): ContainerStatus {
  const status = pod.status as
    | {
        containerStatuses?: readonly ContainerStatus[];
        initContainerStatuses?: readonly ContainerStatus[];
      }
    | undefined;
  const all = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])];
  return only(
    all.filter((container) => container.name === name),
    `container ${name} of ${pod.metadata.name}`,
  );
}

/**
 * Signals a container's process: SIGKILL as the kernel's out-of-memory killer, SIGSTOP as a machine that hangs.
 * False where it does not run just now.
 */
export function signalContainer(
  mesh: LocalMesh,
  pod: Pod,
  { name, signal }: { readonly name: string; readonly signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT' },
): boolean {
  const { pid } = containerOf(pod, name);
  if (pid === undefined || readNetns(`/proc/${pid}/ns/net`) !== readNetns(netnsOf(mesh, pod))) return false;
  process.kill(pid, signal);
  return true;
}

/** The path of a pod's network namespace. */
export function netnsOf(mesh: LocalMesh, { metadata }: Pod): string {
  const { namespace = 'default', name } = metadata;
  return `/run/netns/${podNetnsName(mesh.name, { namespace, name })}`;
}

/** Tells a network namespace: a process id may belong to somebody else since the state was written. */
function readNetns(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.ino;
}

export function isPodReady(pod: Pod): boolean {
  return pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
}
