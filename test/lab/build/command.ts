import { spawn } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { MeshError } from '#lib/base';

export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Written to its standard input. */
  readonly input?: string;
  /** A file that is its standard input, instead. */
  readonly inputFile?: string;
  readonly timeoutMs?: number;
}

const DEFAULT_TIMEOUT_MS = 60_000;

/**
 * Runs a program and answers what it wrote to its standard output.
 *
 * @throws MeshError LAB_COMMAND when it can't be started, ends with another code than 0, or takes too long.
 */
export function runCommand(
  program: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  const { cwd, env = {}, input = '', inputFile, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  const child = spawn(program, args, {
    ...(cwd === undefined ? {} : { cwd }),
    env: { ...process.env, ...env },
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
  child.stdin.on('error', () => {});
  if (inputFile === undefined) child.stdin.end(input);
  else createReadStream(inputFile).pipe(child.stdin);
  return new Promise((resolve, reject) => {
    const refuse = (what: string): void =>
      reject(new MeshError('LAB_COMMAND', `"${[program, ...args].join(' ')}" ${what}`));
    child.once('error', (error) => refuse(`can't be started: ${error.message}`));
    child.once('close', (code, signal) => {
      if (code === 0) resolve(stdout);
      else if (signal === 'SIGKILL')
        refuse(`was killed, after ${timeoutMs / 1000} s at most: ${stderr.trim()}`);
      else refuse(`failed with ${code ?? signal}: ${(stderr || stdout).trim()}`);
    });
  });
}
