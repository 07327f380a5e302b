import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const PROGRAM = new URL('pods/handshakes.ts', import.meta.url).pathname;
const TIMEOUT_MS = 180_000;
/** More than what the allocator keeps (2 kB). A certificate that nobody frees comes to 6 kB. */
const MOST_BYTES = 4000;

it(
  'a handshake with a client certificate leaves nothing behind',
  async () => {
    const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', PROGRAM]);
    expect(Number(stdout)).toBeLessThan(MOST_BYTES);
  },
  TIMEOUT_MS,
);
