import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** A service of the shop running on loopback, for a test. */
export interface StartedProgram {
  readonly port: number;
  /** Lines it has printed so far, without those about listening. */
  readonly lines: string[];
  stop(): Promise<number | null>;
}

/** Starts `<name>.ts` on a free port and resolves once it listens there. Rejects if it ends before. */
export async function startProgram(name: string, env: Record<string, string> = {}): Promise<StartedProgram> {
  const child = spawn(process.execPath, [join(import.meta.dirname, `${name}.ts`)], {
    env: { PORT: '0', HEALTH_PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: string[] = [];
  const port = await waitForPort(child, lines);
  return { port, lines, stop: () => stopProgram(child) };
}

function waitForPort(child: ChildProcess, lines: string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`ended with ${code}: ${child.spawnargs.join(' ')}`)));
    if (child.stdout === null) return reject(new Error('no stdout'));
    createInterface({ input: child.stdout }).on('line', (line) => {
      const match = /listening on port (\d+)/.exec(line);
      if (match === null) lines.push(line);
      else resolve(Number(match[1]));
    });
  });
}

async function stopProgram(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  child.kill('SIGTERM');
  const [code] = await once(child, 'exit');
  return code;
}
