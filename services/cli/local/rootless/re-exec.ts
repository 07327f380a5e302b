import { lstatSync, mkdirSync } from 'node:fs';
import { MeshError } from '#lib/base';
import { type Output, printLine } from '../../output/output.ts';
import { checkInstanceName } from '../preflight.ts';
import { isRunning, readInstanceFile } from '../state/instance.ts';
import { instancePaths } from '../state/paths.ts';
import { readMachineFacts } from './machine-facts.ts';
import { describeObstacles } from './obstacles.ts';
import { removeElsewhere } from './removal.ts';

export interface RootlessOptions {
  readonly name: string;
  readonly localDir: string;
  readonly searchPath: string;
}

/**
 * Runs in new namespaces before the program does: a /run of its own with the host's folders in it, where network
 * namespaces can be named, and a loopback interface.
 */
const ENTRY_SCRIPT = [
  'set -eu',
  'here=$PWD; cd /run',
  'mount -n -t tmpfs -o mode=0755 tmpfs /run',
  'for entry in *; do',
  '  if [ -L "$entry" ]; then ln -s "$(readlink "$entry")" "/run/$entry"',
  '  elif [ -d "$entry" ] && [ "$entry" != netns ]; then',
  '    mkdir "/run/$entry"; mount -n -c --rbind "./$entry" "/run/$entry"; fi',
  'done',
  'ip link set lo up',
  'cd "$here"; exec "$@"',
].join('\n');

/**
 * Without root, begins this program anew as root of a user namespace with a network of its own, under the same
 * process id. Returns only where that is not needed. Rejects with a MeshError that says what is in the way.
 */
export async function takeRoot(options: RootlessOptions, output: Output): Promise<void> {
  if (process.platform !== 'linux' || process.getuid?.() === 0) return;
  checkInstanceName(options.name);
  checkRootless(options.searchPath);
  makeOwnDir(options.localDir);
  await removeCrashed(options, output);
  const namespaces = ['--user', '--map-root-user', '--map-auto', '--net', '--mount'];
  restartProgram(
    ['unshare', ...namespaces, 'sh', '-c', ENTRY_SCRIPT, 'sh'],
    [`LINKERD_LOCAL_DIR=${options.localDir}`, `PATH=${options.searchPath}`],
  );
}

/**
 * Becomes `command` with this very program and its arguments behind it, in this environment and with `settings`
 * (`NAME=value`). Does not return.
 */
export function restartProgram(command: readonly string[], settings: readonly string[]): never {
  const program = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  process.execve?.('/usr/bin/env', ['env', ...settings, ...command, ...program]);
  throw new MeshError(
    'LOCAL_NODE_OLD',
    `Node ${process.version} cannot start a program in its place: use 24`,
  );
}

function checkRootless(searchPath: string): void {
  const obstacles = describeObstacles(readMachineFacts(searchPath));
  if (obstacles.length === 0) return;
  throw new MeshError(
    'LOCAL_NEEDS_ROOT',
    `a local mesh needs root, or an unprivileged user namespace, and you are user ${process.getuid?.()}: run it with sudo, or mend what is in the way of the other:\n${obstacles.map((sentence) => `  ${sentence}`).join('\n')}`,
  );
}

/** The folder may be in /tmp, where others could have made one of its name first. */
function makeOwnDir(dir: string): void {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const found = lstatSync(dir);
  if (found.isDirectory() && found.uid === process.getuid?.() && (found.mode & 0o022) === 0) return;
  throw new MeshError(
    'LOCAL_DIR_FOREIGN',
    `${dir}, where your local meshes keep their files, must be a folder that is yours and that only you may write to: remove it, or name another one with LINKERD_LOCAL_DIR`,
  );
}

async function removeCrashed({ name, localDir }: RootlessOptions, output: Output): Promise<void> {
  const paths = instancePaths(localDir, name);
  const instance = readInstanceFile(paths);
  if (instance === undefined || isRunning(instance)) return;
  printLine(output, `‼ what a crashed mesh named ${name} left behind is removed`);
  await removeElsewhere(instance, localDir);
}
