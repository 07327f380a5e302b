import { type Output, printLine } from '../output/output.ts';
import { removeInstance } from './cleanup.ts';
import { isNetnsOf } from './core/names.ts';
import { listNetns, sendSignal } from './net/netns.ts';
import { checkInstanceName, checkMachine } from './preflight.ts';
import { isElsewhere } from './rootless/namespace.ts';
import { removeElsewhere } from './rootless/removal.ts';
import { isRunning, readInstanceFile } from './state/instance.ts';
import { instancePaths } from './state/paths.ts';

export interface DownOptions {
  readonly name: string;
  readonly localDir: string;
  readonly searchPath: string;
}

/** How long a mesh may take to end by itself; then its processes are killed. */
const END_WAIT_MS = 15_000;
const END_POLL_MS = 50;

/** Ends a local mesh, running or crashed, and removes all of it. None being there is no error. */
export async function bringDown(options: DownOptions, output: Output): Promise<void> {
  const { name } = options;
  checkInstanceName(name);
  const paths = instancePaths(options.localDir, name);
  const instance = readInstanceFile(paths);
  // A user without root has no other meshes than those.
  const elsewhere = instance === undefined ? process.getuid?.() !== 0 : isElsewhere(instance);
  if (!elsewhere) checkMachine(options.searchPath);
  const leftovers = !elsewhere && (await listNetns()).some((netns) => isNetnsOf(name, netns));
  if (instance !== undefined && isRunning(instance)) {
    sendSignal(instance.pid, 'SIGTERM');
    const endMs = performance.now() + END_WAIT_MS;
    while (isRunning(instance) && performance.now() < endMs) {
      await new Promise((resolve) => setTimeout(resolve, END_POLL_MS));
    }
    if (isRunning(instance)) sendSignal(instance.pid, 'SIGKILL');
  }
  if (!elsewhere) await removeInstance(name, paths);
  else if (instance !== undefined) await removeElsewhere(instance, options.localDir);
  const found = instance !== undefined || leftovers;
  printLine(output, found ? `√ the local mesh ${name} is down` : `‼ there is no local mesh named ${name}`);
}
