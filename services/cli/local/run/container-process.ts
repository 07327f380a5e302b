import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { netnsPath } from '../net/command.ts';
import { sendSignal } from '../net/netns.ts';

/** Everything that starting a container's process takes. */
export interface ProcessPlan {
  readonly netns: string;
  /** Makes the mount namespace, then runs its arguments: see renderContainerScript. */
  readonly script: string;
  /** The `setpriv` command that goes before everything that runs in the container. */
  readonly setpriv: readonly string[];
  readonly env: ReadonlyMap<string, string>;
  readonly command: readonly string[];
  readonly logFile: string;
}

export interface ContainerProcess {
  readonly pid: number;
  /** Resolves with the exit code; 128 + n for signal n. */
  readonly exited: Promise<number>;
  /** Asks the process to end; after `graceMs` it is killed, and what it left behind in its group too. */
  stop(graceMs: number): Promise<void>;
}

const SIGNAL_NUMBERS: Readonly<Record<string, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGABRT: 6,
  SIGKILL: 9,
  SIGSEGV: 11,
  SIGTERM: 15,
};
/** What a shell answers for a command that cannot be run. */
const CANNOT_RUN = 126;

/** Starts a container. Its output goes to the log file itself, so that it outlives this process. */
export function startContainerProcess(plan: ProcessPlan): ContainerProcess {
  const log = openSync(plan.logFile, 'a', 0o644);
  const args = [
    `--net=${netnsPath(plan.netns)}`,
    ...['--', 'unshare', '--mount', '--uts', '--propagation', 'private'],
    ...['sh', '-c', plan.script, 'sh'],
    ...runAs(plan),
    ...plan.command,
  ];
  const child = spawn('nsenter', args, { detached: true, stdio: ['ignore', log, log], cwd: '/' });
  closeSync(log);
  return supervise(child);
}

/** Runs a command inside of a running container; resolves to its exit code, or 124 when time is up. */
export function execInContainer(
  plan: ProcessPlan,
  target: { readonly pid: number; readonly command: readonly string[]; readonly timeoutMs: number },
): Promise<number> {
  const enter = ['--target', `${target.pid}`, '--mount', '--net', '--uts', '--root', '--wd', '--'];
  const child = spawn('nsenter', [...enter, ...runAs(plan), ...target.command], {
    detached: true,
    stdio: 'ignore',
  });
  const running = supervise(child);
  const timer = setTimeout(() => killGroup(running.pid), target.timeoutMs);
  return running.exited.finally(() => clearTimeout(timer));
}

function runAs(plan: ProcessPlan): readonly string[] {
  return [...plan.setpriv, 'env', '-i', ...[...plan.env].map(([name, value]) => `${name}=${value}`)];
}

function supervise(child: ChildProcess): ContainerProcess {
  const pid = child.pid ?? 0;
  const exited = new Promise<number>((resolve) => {
    child.once('error', () => resolve(CANNOT_RUN));
    child.once('exit', (code, signal) => resolve(code ?? 128 + (SIGNAL_NUMBERS[signal ?? ''] ?? 0)));
  }).then((code) => {
    killGroup(pid);
    return code;
  });
  return {
    pid,
    exited,
    async stop(graceMs) {
      if (pid > 0 && child.exitCode === null && child.signalCode === null) sendSignal(pid, 'SIGTERM');
      const timer = setTimeout(() => killGroup(pid), graceMs);
      await exited;
      clearTimeout(timer);
    },
  };
}

/** Each container leads a process group of its own. */
function killGroup(pid: number): void {
  if (pid > 0) sendSignal(-pid, 'SIGKILL');
}
