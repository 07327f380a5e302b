import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { beforeAll, expect, it } from 'vitest';
import type { KeptBytes } from './pods/handshakes.ts';

const PROGRAM = new URL('pods/handshakes.ts', import.meta.url).pathname;
const TIMEOUT_MS = 120_000;
/** A certificate that nobody frees comes to 4500 at least; what else comes and goes, to 300 either way. */
const MOST_BYTES = 1500;

let kept: KeptBytes;

beforeAll(async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', PROGRAM]);
  kept = JSON.parse(stdout) as KeptBytes;
}, TIMEOUT_MS);

it.each(['server', 'client'] as const)(
  'a handshake with certificates on both sides leaves nothing behind in the %s',
  (side) => {
    // What is kept for ever, every round keeps.
    expect(Math.min(...kept[side])).toBeLessThan(MOST_BYTES);
  },
);
