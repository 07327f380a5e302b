import { type ChildProcess, execFile } from 'node:child_process';
import { MeshError } from '#lib/base';

const OUTPUT_MAX_BYTES = 16 * 1024 * 1024;

const running = new Set<ChildProcess>();

/**
 * Runs a program to its end and answers its stdout. Rejects with what it said on stderr; after `timeoutMs` it is
 * killed.
 */
export function runCommand(
  program: string,
  args: readonly string[],
  { timeoutMs = 0 }: { timeoutMs?: number } = {},
): Promise<string> {
  const options = { maxBuffer: OUTPUT_MAX_BYTES, timeout: timeoutMs, killSignal: 'SIGKILL' } as const;
  return new Promise((resolve, reject) => {
    const child = execFile(program, args, options, (error, stdout, stderr) => {
      running.delete(child);
      if (error === null) return resolve(stdout);
      const late = timeoutMs > 0 && error.killed === true ? `not done after ${timeoutMs} ms` : '';
      const said = late || stderr.trim() || stdout.trim() || error.message;
      const text = `${program} ${args.join(' ')} failed: ${said}`;
      reject(new MeshError('BENCH_COMMAND_FAILED', text, { cause: error }));
    });
    running.add(child);
  });
}

/** Ends the commands under way: their results are no longer wanted. */
export function killRunningCommands(): void {
  for (const child of running) child.kill('SIGKILL');
}
