import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Insight } from '../pods/inspect.ts';

const INSPECT = new URL('../pods/inspect.ts', import.meta.url).pathname;

/** Looks into a Node program again and again. */
export interface InsightReader {
  /** The youngest one; undefined before the first. */
  last(): Insight | undefined;
  stop(): void;
}

/**
 * Makes a program listen for a debugger (SIGUSR1) on the loopback of its pod, and looks into it from there. Needs root.
 * `onEnd`: it does so no more, with what was said about the reason.
 */
export function readInsights(
  { pid, netns, periodMs }: { readonly pid: number; readonly netns: string; readonly periodMs: number },
  onEnd: (reason: string) => void,
): InsightReader {
  let last: Insight | undefined;
  let said = '';
  process.kill(pid, 'SIGUSR1');
  const command = [`--net=${netns}`, process.execPath, INSPECT, `${periodMs}`];
  const child: ChildProcess = spawn('nsenter', command, { stdio: ['ignore', 'pipe', 'pipe'] });
  if (child.stdout !== null) {
    createInterface({ input: child.stdout }).on('line', (line) => {
      last = JSON.parse(line) as Insight;
    });
  }
  child.stderr?.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  child.on('exit', () => onEnd(said));
  return { last: () => last, stop: () => child.kill() };
}
