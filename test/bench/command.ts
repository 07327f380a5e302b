import { type ChildProcess, execFile } from 'node:child_process';
import { MeshError } from '#lib/base';

const OUTPUT_MAX_BYTES = 16 * 1024 * 1024;

const running = new Set<ChildProcess>();

/** Runs a program to its end and answers its stdout. Rejects with what it said on stderr. */
export function runCommand(program: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(program, args, { maxBuffer: OUTPUT_MAX_BYTES }, (error, stdout, stderr) => {
      running.delete(child);
      if (error === null) return resolve(stdout);
      const said = stderr.trim() || stdout.trim() || error.message;
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
