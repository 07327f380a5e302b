import { spawn } from 'node:child_process';
import { MeshError } from '#lib/base';
import type { Output } from '../output/output.ts';
import { readInstance } from './state/instance.ts';

export interface DetachOptions {
  readonly name: string;
  readonly localDir: string;
  /** The command line that runs the mesh in the foreground: program, script, arguments. */
  readonly command: readonly string[];
  readonly waitMs: number;
}

const POLL_MS = 100;

/** Runs `up` in the background, and comes back when everything is ready. Rejects if it ends or takes too long. */
export async function runDetached(options: DetachOptions, output: Output): Promise<void> {
  const [program = '', ...args] = options.command;
  const child = spawn(program, args, { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.setEncoding('utf8').on('data', output.stdout);
  child.stderr.setEncoding('utf8').on('data', output.stderr);
  let ended = false;
  const closed = new Promise<void>((resolve) => {
    child.once('close', () => {
      ended = true;
      resolve();
    });
  });
  try {
    await waitUntilReady(options, { pid: child.pid, closed, hasEnded: () => ended });
  } finally {
    // It outlives us; its next line goes to its log alone.
    child.stdout.destroy();
    child.stderr.destroy();
    child.unref();
  }
}

interface DetachedProcess {
  readonly pid: number | undefined;
  readonly closed: Promise<void>;
  readonly hasEnded: () => boolean;
}

async function waitUntilReady(
  options: DetachOptions,
  { pid, closed, hasEnded }: DetachedProcess,
): Promise<void> {
  const endMs = performance.now() + options.waitMs;
  for (;;) {
    const state = readInstance(options.name, options.localDir);
    if (state?.instance.pid === pid && state?.instance.ready === true) return;
    if (hasEnded())
      throw new MeshError('LOCAL_UP_ENDED', 'the local mesh did not come up; what it says is above');
    if (performance.now() > endMs) {
      throw new MeshError(
        'LOCAL_NOT_READY',
        `the local mesh ${options.name} is not ready after ${options.waitMs / 1000} s; it goes on in the background: see "linkerd local status --name ${options.name}", or wait longer with --wait`,
      );
    }
    await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, POLL_MS))]);
  }
}
