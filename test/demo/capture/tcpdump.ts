import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { readSegments } from './packets.ts';
import { joinStreams, type Stream } from './streams.ts';

export interface CaptureOptions {
  readonly netns: string;
  readonly device: string;
  /** What to capture, as tcpdump writes it. */
  readonly filter: string;
  /** Where to. */
  readonly file: string;
}

export interface Capture {
  /** Ends the capture and reads what it holds. */
  stop(): Promise<readonly Stream[]>;
}

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Starts tcpdump in a network namespace; it captures when the promise resolves. */
export async function startCapture({ netns, device, filter, file }: CaptureOptions): Promise<Capture> {
  // -U and --immediate-mode: nothing waits in a buffer when it ends; -Z: it may write where root can.
  const flags = ['-i', device, '-n', '-s', '0', '-U', '--immediate-mode', '-Z', 'root', '-w', file];
  const child = spawn('nsenter', [`--net=/run/netns/${netns}`, '--', 'tcpdump', ...flags, filter], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  running.add(child);
  const closed = once(child, 'close').finally(() => running.delete(child));
  await awaitListening(child);
  return {
    async stop() {
      child.kill('SIGINT');
      await closed;
      return joinStreams(readSegments(await readFile(file)));
    },
  };
}

function awaitListening(child: ChildProcess): Promise<void> {
  let said = '';
  return new Promise((resolve, reject) => {
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (said.includes('listening on')) resolve();
    });
    child.once('error', reject);
    child.once('close', () => reject(new Error(`tcpdump ended at once: ${said.trim()}; is it installed?`)));
  });
}
