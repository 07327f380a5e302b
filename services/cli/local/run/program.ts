import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Container } from '#lib/resources';
import { COMMAND } from '../../../../synth/images/contract.ts';
import { PROXY_CONTAINER, PROXY_INIT_CONTAINER, PROXY_NODE_FLAGS } from '../../../proxy/contract.ts';
import { PROGRAMS_DIR } from '../core/container-script.ts';

/** Where the mesh's own programs are on this machine. */
export interface Programs {
  /** The folder that containers see as PROGRAMS_DIR. */
  readonly rootDir: string;
  /** The Node that runs them, below `rootDir` or an absolute path of the host. */
  readonly nodePath: string;
}

/** Images of the mesh whose first argument names the program, as the chart has it. */
const CONTROLLER_IMAGE = /(^|\/)controller(:|@|$)/;
/** What a container's command may name, as the images have it. */
const COMMANDS: Readonly<Record<string, string>> = {
  [COMMAND.policy]: 'policy',
  [COMMAND.proxyInit]: 'proxy-init',
};

/** The programs of a checkout: its root is three folders above this one. */
export function findPrograms(): Programs {
  const here = fileURLToPath(import.meta.url);
  // From a bundle (`dist/cli.js`) the root is one folder up, from this file four.
  const rootDir = resolve(dirname(here), here.endsWith('.ts') ? '../../../..' : '..');
  return { rootDir, nodePath: process.execPath };
}

/** The folder of Node as a container sees it, to be the first of its PATH. */
export function nodeDirInContainer(programs: Programs): string {
  const node = inContainer(programs, programs.nodePath);
  return node.slice(0, node.lastIndexOf('/'));
}

/**
 * What a container runs: its command and arguments, or, for the mesh's own images, the local program of that
 * name. Undefined when the manifest leaves it to an image, which local mode does not have.
 */
export function resolveCommand(container: Container, programs: Programs): readonly string[] | undefined {
  const program = findOwnProgram(container);
  if (program === undefined) {
    const { command } = container;
    return command === undefined || command.length === 0
      ? undefined
      : [...command, ...(container.args ?? [])];
  }
  const flags = program.name === 'proxy' ? PROXY_NODE_FLAGS : [];
  const main = inContainer(programs, findMain(programs.rootDir, program.name));
  return [inContainer(programs, programs.nodePath), ...flags, main, ...program.args];
}

interface OwnProgram {
  readonly name: string;
  readonly args: readonly string[];
}

function findOwnProgram(container: Container): OwnProgram | undefined {
  const args = container.args ?? [];
  const [first] = container.command ?? [];
  if (first !== undefined) {
    const named = COMMANDS[first];
    return named === undefined ? undefined : { name: named, args };
  }
  if (container.name === PROXY_INIT_CONTAINER) return { name: 'proxy-init', args };
  if (container.name === PROXY_CONTAINER) return { name: 'proxy', args };
  const [name, ...rest] = args;
  const isController = CONTROLLER_IMAGE.test(container.image ?? '') && name !== undefined;
  return isController ? { name, args: rest } : undefined;
}

/** The bundle of a program (starts faster, needs less memory), unless a source was changed after it was made. */
function findMain(rootDir: string, name: string): string {
  const source = join(rootDir, 'services', name, 'main.ts');
  const bundle = join(rootDir, 'dist', `${name}.js`);
  if (!existsSync(bundle)) return source;
  const isFresh =
    !existsSync(source) || statSync(bundle).mtimeMs >= newestChangeMs(join(rootDir, 'services'));
  return isFresh ? bundle : source;
}

/** When a file below a folder was last changed. */
function newestChangeMs(dir: string): number {
  const files = readdirSync(dir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Math.max(0, ...files.map((entry) => statSync(join(entry.parentPath, entry.name)).mtimeMs));
}

function inContainer(programs: Programs, path: string): string {
  const below = relative(programs.rootDir, path);
  return below.startsWith('..') ? path : `${PROGRAMS_DIR}/${below}`;
}
