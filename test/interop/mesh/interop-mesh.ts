import { execFile } from 'node:child_process';
import type { KubeObject } from '#lib/resources';
import { containerOf, type LocalMesh, startLocalMesh } from '../../integration/mesh/local-mesh.ts';
import { buildNamespace, buildWorkload } from '../../integration/mesh/manifests.ts';
import { GATEWAY_PORT, PORT } from './ports.ts';

const POD_PROGRAMS = new URL('../pods/', import.meta.url).pathname;
const IDLE = 'idle.ts';
/** A database is set up first. */
const COMMAND_TIMEOUT_MS = 60_000;

/** The ways that a connection takes: who asks (a pod), and whom (a Service). */
export const WAYS = [
  { way: 'meshed to meshed', from: 'client', to: 'servers' },
  { way: 'meshed to unmeshed', from: 'client', to: 'plain' },
  { way: 'unmeshed to meshed', from: 'outsider', to: 'servers' },
] as const;

export type Way = (typeof WAYS)[number];

/** A mesh with servers, clients and reverse proxies of others, inside of it and outside. */
export function startInteropMesh(): Promise<LocalMesh> {
  return startLocalMesh({ name: 'interop', manifests: buildManifests });
}

function buildManifests(): KubeObject[] {
  const opaque = {
    'config.linkerd.io/opaque-ports': `${PORT.postgres},${PORT.redis},${PORT.natsOpaque}`,
  };
  const servers = (name: string, inject: boolean) =>
    annotate(
      buildWorkload({
        name,
        inject,
        command: ['node', `${POD_PROGRAMS}servers.ts`],
        ports: nameAfterNumbers(PORT),
        readyPath: '/',
        annotations: opaque,
      }),
      opaque,
    );
  return [
    buildNamespace(),
    ...servers('servers', true),
    ...servers('plain', false),
    ...buildWorkload({
      name: 'gateways',
      command: ['node', `${POD_PROGRAMS}gateways.ts`],
      ports: nameAfterNumbers(GATEWAY_PORT),
      readyPath: '/',
    }),
    ...buildWorkload({ name: 'client', program: IDLE }),
    ...buildWorkload({ name: 'outsider', program: IDLE, inject: false }),
  ];
}

/** Names that say nothing of what is spoken there. */
function nameAfterNumbers(ports: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.values(ports).map((port) => [`port-${port}`, port]));
}

/** Puts annotations on the Service too. */
function annotate(objects: KubeObject[], annotations: Readonly<Record<string, string>>): KubeObject[] {
  return objects.map((object) =>
    object.kind === 'Service' ? { ...object, metadata: { ...object.metadata, annotations } } : object,
  );
}

/** How a command ended. */
export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandRun {
  /** The beginning of a pod's name; its container is called the same. */
  readonly pod: string;
  readonly command: readonly string[];
  readonly input?: string | Buffer;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs a command inside of a pod, as `kubectl exec` would. */
export function runInPod(
  mesh: LocalMesh,
  { pod, command, input, env = {} }: CommandRun,
): Promise<CommandResult> {
  const { pid } = containerOf(mesh.pod(`${pod}-`), pod);
  const enter = ['--target', `${pid}`, '--mount', '--net', '--uts', '--root', '--', ...command];
  const options = {
    timeout: COMMAND_TIMEOUT_MS,
    maxBuffer: 64_000_000,
    env: { ...process.env, ...env },
    encoding: 'latin1' as const,
  };
  return new Promise((resolve) => {
    const child = execFile('nsenter', enter, options, (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? 1 : 0, stdout, stderr }),
    );
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
  });
}

/** The same, of a program of ../pods; what it prints is JSON. */
export async function askInPod<T>(mesh: LocalMesh, pod: string, args: readonly string[]): Promise<T> {
  const [program, ...rest] = args;
  const command = [process.execPath, `${POD_PROGRAMS}${program}`, ...rest];
  const { code, stdout, stderr } = await runInPod(mesh, { pod, command });
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${stdout}${stderr}`);
  return JSON.parse(Buffer.from(stdout, 'latin1').toString()) as T;
}
