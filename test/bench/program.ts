import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Cleanup } from './cleanup.ts';

export interface ProgramOptions {
  /** Network namespace and core to run in. */
  readonly namespace: string;
  readonly core: number;
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Run as this user instead of root; it may still read files that only root can. */
  readonly uid?: number;
}

/** A program that runs until it is stopped. */
export interface RunningProgram {
  readonly pid: number;
  /** On the clock of `process.hrtime`, milliseconds. */
  readonly startedMs: number;
  /** What it printed, for the message if something goes wrong. */
  readonly output: () => string;
  readonly ended: () => boolean;
  stop(): Promise<void>;
}

/** Where Debian puts what the benchmark runs. */
export const SYSTEM_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Long enough to end in peace when nothing is under way; then it is killed. */
const STOP_MS = 1_500;
const OUTPUT_MAX_CHARS = 2_000;

/** Milliseconds on the machine's monotonic clock, the same one for all processes. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** `ip netns exec`, `taskset` and `setpriv` each become the next program: the process id stays the same. */
function buildCommandLine(options: ProgramOptions): [string, string[]] {
  const pinned = ['netns', 'exec', options.namespace, 'taskset', '-c', String(options.core)];
  const user = options.uid === undefined ? [] : buildSetpriv(options.uid);
  return ['ip', [...pinned, ...user, options.program, ...options.args]];
}

function buildSetpriv(uid: number): string[] {
  const capability = '+dac_read_search';
  const ids = [`--reuid=${uid}`, `--regid=${uid}`, '--clear-groups'];
  return ['setpriv', ...ids, `--inh-caps=${capability}`, `--ambient-caps=${capability}`];
}

/** Starts a program that stays, and has it stopped by `cleanup` unless it was before. */
export function startProgram(options: ProgramOptions, cleanup: Cleanup): RunningProgram {
  const [command, args] = buildCommandLine(options);
  const startedMs = monotonicMs();
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: SYSTEM_PATH, ...options.env },
  });
  let output = '';
  const keep = (bytes: Buffer): void => {
    output = (output + bytes.toString()).slice(-OUTPUT_MAX_CHARS);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  child.on('error', (error) => keep(Buffer.from(error.message)));
  const stop = (): Promise<void> => stopChild(child);
  cleanup.add(`${options.program} (${child.pid})`, stop);
  return {
    pid: child.pid ?? -1,
    startedMs,
    output: () => output,
    ended: () => hasEnded(child),
    stop,
  };
}

function hasEnded(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const killTimer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await ended;
  clearTimeout(killTimer);
}
