import { type Arena, CORE, createArena } from './arena.ts';
import type { Certificates } from './certificates.ts';
import type { Cleanup } from './cleanup.ts';
import { runCommand } from './command.ts';
import type { PeerName } from './result.ts';

/** Where one pair of proxies works: its namespaces, a directory for its files, and the certificates of all pairs. */
export interface Stage {
  readonly arena: Arena;
  readonly dir: string;
  readonly certificates: Certificates;
  readonly cleanup: Cleanup;
}

export async function createStage(peer: PeerName, shared: Omit<Stage, 'arena'>): Promise<Stage> {
  return { ...shared, arena: await createArena(peer, shared.cleanup) };
}

const HELPER = new URL('./in-namespace.ts', import.meta.url).pathname;

/** Runs a verb of in-namespace.ts in a namespace, on the load's core; answers what it printed. */
export function askNamespace(
  namespace: string,
  verb: 'get' | 'wait' | 'connect',
  ...args: string[]
): Promise<string> {
  const pinned = ['netns', 'exec', namespace, 'taskset', '-c', String(CORE.load)];
  return runCommand('ip', [...pinned, process.execPath, HELPER, verb, ...args]);
}
