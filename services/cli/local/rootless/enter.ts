import type { Instance } from '../state/instance.ts';
import { isElsewhere } from './namespace.ts';
import { restartProgram } from './re-exec.ts';

/**
 * Begins this program anew in the network of a mesh that runs without root, whose pods cannot be reached from
 * here. Returns only where that is not needed.
 */
export function enterNetwork(instance: Instance, localDir: string): void {
  if (isElsewhere(instance)) restartProgram(renderEntry(instance), [`LINKERD_LOCAL_DIR=${localDir}`]);
}

/** What goes before a command that is to reach the pods of a mesh without root. */
export function renderEntry({ pid }: Pick<Instance, 'pid'>): readonly string[] {
  return ['nsenter', '--user', '--net', '--target', `${pid}`];
}
