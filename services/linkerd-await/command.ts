import { spawn } from 'node:child_process';
import { accessSync, constants as fsConstants, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Environment } from '#lib/config';
import { AWAIT_EXIT } from './contract.ts';
import { failedCommand } from './errors.ts';

/**
 * Becomes the command: this process ends here, and signals reach the command itself. It starts with SIGPIPE ignored, as
 * Node has it. Throws a MeshError where there is no such program: a failed execve would abort this process.
 */
export function becomeCommand(command: readonly string[], env: Environment): never {
  const [name = ''] = command;
  const file = findProgram(name, env['PATH'] ?? '');
  // Undefined values are none: execve takes texts alone.
  const entries = Object.entries(env).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]]));
  if (process.execve === undefined) throw failedCommand(name, 'this system has no execve');
  return process.execve(file, [...command], Object.fromEntries(entries));
}

/**
 * Runs the command beside this process, hands SIGTERM on to it, and resolves with its exit status; with that of an
 * error of the system where a signal killed it.
 */
export function runCommand(command: readonly string[], env: Environment): Promise<number> {
  const [name = '', ...args] = command;
  return new Promise((resolve, reject) => {
    // Before the command runs: a signal that came in between would end this process and leave the command alone.
    const pass = (): void => void child.kill('SIGTERM');
    process.on('SIGTERM', pass);
    const child = spawn(name, args, { stdio: 'inherit', env: { ...env } });
    child.once('error', (error) => reject(failedCommand(name, error)));
    child.once('exit', (status) => {
      process.off('SIGTERM', pass);
      resolve(status ?? AWAIT_EXIT.os);
    });
  });
}

/** As a shell finds it: a name without a slash is looked for in the folders of `path`. */
function findProgram(name: string, path: string): string {
  const hasFolder = name.includes('/');
  const places = hasFolder
    ? [name]
    : path.split(':').map((folder) => join(folder === '' ? '.' : folder, name));
  const found = places.find(isProgram);
  if (found === undefined) throw failedCommand(name, hasFolder ? 'it is no program' : 'not found in PATH');
  return found;
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, fsConstants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
