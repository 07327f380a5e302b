import { readdir, readlink, stat } from 'node:fs/promises';
import { errorCode } from '#lib/base';
import { netnsPath, runCommand } from './command.ts';

/** How long processes may take to vanish after SIGKILL. */
const KILL_WAIT_MS = 3000;
const KILL_POLL_MS = 20;

/** The names of all network namespaces of the machine. */
export async function listNetns(): Promise<readonly string[]> {
  try {
    return await readdir('/run/netns');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

/** The ids of the processes inside of the namespaces, ours excepted. */
async function listNetnsProcesses(names: readonly string[]): Promise<readonly number[]> {
  const inodes = await Promise.all(names.map(readInode));
  const wanted = new Set(inodes.filter((inode) => inode !== undefined));
  if (wanted.size === 0) return [];
  const pids = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry)).map(Number);
  const found = await Promise.all(pids.map(async (pid) => ((await isInside(pid, wanted)) ? pid : undefined)));
  return found.filter((pid) => pid !== undefined && pid !== process.pid) as number[];
}

/** Kills every process inside of the namespaces and waits until they are gone. */
export async function killNetnsProcesses(names: readonly string[]): Promise<void> {
  const deadline = performance.now() + KILL_WAIT_MS;
  for (;;) {
    const pids = await listNetnsProcesses(names);
    if (pids.length === 0 || performance.now() > deadline) return;
    for (const pid of pids) sendSignal(pid, 'SIGKILL');
    await new Promise((resolve) => setTimeout(resolve, KILL_POLL_MS));
  }
}

/** Deletes a namespace; one that is not there is fine. */
export async function deleteNetns(name: string): Promise<void> {
  if ((await listNetns()).includes(name)) await runCommand(['ip', 'netns', 'del', name]);
}

/** Sends a signal; false when there is no such process. */
export function sendSignal(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    return false;
  }
}

async function readInode(name: string): Promise<string | undefined> {
  try {
    return `net:[${(await stat(netnsPath(name))).ino}]`;
  } catch {
    return undefined;
  }
}

async function isInside(pid: number, inodes: ReadonlySet<string>): Promise<boolean> {
  try {
    return inodes.has(await readlink(`/proc/${pid}/ns/net`));
  } catch {
    // It has ended meanwhile, or is a kernel thread.
    return false;
  }
}
