import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { createBodyReader } from './read-body.ts';

const LIMITS = { maxBytes: 100, timeoutMs: 5000, maxBytesAtOnce: 150 };

function sending(...chunks: readonly string[]): PassThrough {
  const stream = new PassThrough();
  for (const chunk of chunks) stream.write(chunk);
  return stream;
}

describe('a body reader', () => {
  it('joins what comes', async () => {
    const read = createBodyReader(LIMITS);
    const stream = sending('ab', 'cd');
    stream.end('e');
    expect((await read(stream)).toString()).toBe('abcde');
    const empty = sending();
    empty.end();
    expect(await read(empty)).toHaveLength(0);
  });

  it('refuses a body that is too large, once it has come', async () => {
    const read = createBodyReader(LIMITS);
    const stream = sending('x'.repeat(101), 'y'.repeat(50));
    stream.end();
    await expect(read(stream)).rejects.toMatchObject({ status: 413, reason: 'too_large' });
    await expect(read(sending('x'.repeat(401)))).rejects.toMatchObject({ status: 413 });
  });

  it('sends away who would make it hold too much at once, and forgets what it held', async () => {
    const read = createBodyReader(LIMITS);
    const held = sending('x'.repeat(90));
    const first = read(held);
    await new Promise((resolve) => setImmediate(resolve));
    const second = sending('y'.repeat(90));
    second.end();
    await expect(read(second)).rejects.toMatchObject({ status: 503, reason: 'too_many' });
    held.end();
    expect(await first).toHaveLength(90);
    const third = sending('z'.repeat(90));
    third.end();
    expect(await read(third)).toHaveLength(90);
  });

  it('waits no longer than it may, and notices who is gone', async () => {
    const hasty = createBodyReader({ ...LIMITS, timeoutMs: 50 });
    await expect(hasty(sending('x'))).rejects.toMatchObject({ status: 408, reason: 'too_slow' });
    const read = createBodyReader(LIMITS);
    const lost = sending('x');
    const reading = read(lost);
    lost.destroy(new Error('reset'));
    await expect(reading).rejects.toMatchObject({ status: 400 });
  });
});
