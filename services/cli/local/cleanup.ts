import { rmdirSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { isNetnsOf } from './core/names.ts';
import { deleteNetns, killNetnsProcesses, listNetns } from './net/netns.ts';
import { deleteHostLink } from './net/node-network.ts';
import type { InstancePaths } from './state/paths.ts';

/**
 * Removes whatever there is of a local mesh: the processes in its network namespaces, the namespaces, the link
 * and its routes, the files. Everything is found by name, so that it also works after a crash, and twice.
 */
export async function removeInstance(name: string, paths: InstancePaths): Promise<void> {
  const netns = (await listNetns()).filter((candidate) => isNetnsOf(name, candidate));
  await killNetnsProcesses(netns);
  await deleteHostLink(name);
  for (const candidate of netns) await deleteNetns(candidate);
  rmSync(paths.dir, { recursive: true, force: true });
  removeBaseDir(paths);
}

/** The folder of all local meshes goes with the last of them. */
export function removeBaseDir(paths: InstancePaths): void {
  try {
    rmdirSync(dirname(paths.dir));
  } catch {
    // It holds others, or is not there.
  }
}
