import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, openSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { MeshError } from '#lib/base';
import { STATE } from '../config.ts';

/** A process, told apart from a later one with the same number by when it was started. */
export interface RecordedProcess {
  readonly pid: number;
  /** In ticks since the machine was booted: proc(5), stat, field 22. */
  readonly startTicks: number;
}

export interface LaunchOptions {
  /** Under which it is recorded and logged. */
  readonly name: string;
  readonly command: readonly string[];
  /** The process writes itself into these before it becomes the command. */
  readonly cgroupFiles: readonly string[];
}

const LAUNCHER = 'for file in $1; do echo $$ > "$file"; done; shift; exec "$@"';
const END_TIMEOUT_MS = 10_000;
const PAUSE_MS = 20;

/** Starts a program that outlives us, in the lab's cgroups, and records it. */
export async function launch({ name, command, cgroupFiles }: LaunchOptions): Promise<RecordedProcess> {
  await Promise.all([mkdir(STATE.logs, { recursive: true }), mkdir(STATE.pids, { recursive: true })]);
  const log = openSync(logFile(name), 'a');
  const child = spawn('sh', ['-c', LAUNCHER, 'sh', cgroupFiles.join(' '), ...command], {
    stdio: ['ignore', log, log],
    detached: true,
    cwd: '/',
  });
  await once(child, 'spawn');
  child.unref();
  const pid = child.pid ?? 0;
  const recorded = { pid, startTicks: (await readStart(pid)) ?? 0 };
  await writeFile(join(STATE.pids, `${name}.json`), JSON.stringify(recorded));
  return recorded;
}

export function logFile(name: string): string {
  return join(STATE.logs, `${name}.log`);
}

export async function findProcess(name: string): Promise<RecordedProcess | undefined> {
  const file = join(STATE.pids, `${name}.json`);
  if (!existsSync(file)) return undefined;
  const recorded = JSON.parse(await readFile(file, 'utf8')) as RecordedProcess;
  return (await isAlive(recorded)) ? recorded : undefined;
}

/**
 * Kills a recorded process and waits until it is gone; nothing happens when it has ended before.
 *
 * @throws MeshError LAB_PROCESS when it does not end.
 */
export async function killProcess(name: string): Promise<void> {
  const found = await findProcess(name);
  if (found === undefined) return;
  process.kill(found.pid, 'SIGKILL');
  const deadlineMs = performance.now() + END_TIMEOUT_MS;
  while (await isAlive(found)) {
    if (performance.now() > deadlineMs)
      throw new MeshError('LAB_PROCESS', `${name} (process ${found.pid}) does not end when killed.`);
    await sleep(PAUSE_MS);
  }
}

async function isAlive({ pid, startTicks }: RecordedProcess): Promise<boolean> {
  return (await readStart(pid)) === startTicks;
}

/** Undefined for a process that is gone, or that is dead and only waits to be reaped. */
async function readStart(pid: number): Promise<number | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return parseStart(text);
}

/**
 * The program's name, in parentheses, may hold spaces and parentheses itself. A process whose first thread is dead
 * still has its ports and files as long as another thread has not ended.
 */
export function parseStart(stat: string): number | undefined {
  const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [threads, start] = [Number(fields[16]), Number(fields[18])];
  return stat === '' || (state === 'Z' && threads <= 1) ? undefined : start;
}
