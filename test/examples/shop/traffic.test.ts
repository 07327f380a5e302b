import { describe, expect, it } from 'vitest';
import { addRequestCodec } from './cart-api.ts';
import { createShare } from './faults.ts';
import { createPacer } from './pacer.ts';

describe('createPacer', () => {
  it('holds the rate whatever the timer does', () => {
    const pacer = createPacer(400, 0);
    let sent = 0;
    for (const nowMs of [3, 5, 11, 90, 91, 250, 251, 500, 750, 1000]) sent += pacer.takeDue(nowMs);
    expect(sent).toBe(400);
  });

  it('does not catch up after a standstill', () => {
    const pacer = createPacer(400, 0);
    expect(pacer.takeDue(60_000)).toBe(1);
    expect(pacer.takeDue(60_010)).toBe(4);
  });

  it('sends nothing at rate 0', () => {
    expect(createPacer(0, 0).takeDue(60_000)).toBe(0);
  });
});

describe('createShare', () => {
  it.each([0, 0.1, 0.25, 1])('picks the share %d', (share) => {
    const picks = createShare(share);
    let picked = 0;
    for (let index = 0; index < 1000; index += 1) if (picks()) picked += 1;
    expect(picked).toBe(share * 1000);
  });
});

describe('addRequestCodec', () => {
  it('writes the bytes that cart.proto means', () => {
    const bytes = addRequestCodec.encode({ user: 'ann', product: 'tea', count: 300 });
    expect(bytes.toString('hex')).toBe('0a03616e6e' + '1203746561' + '18ac02');
  });

  it('skips fields it does not know, and defaults those that are absent', () => {
    const bytes = Buffer.from('0a03616e6e' + '22017a', 'hex');
    expect(addRequestCodec.decode(bytes)).toEqual({ user: 'ann', product: '', count: 0 });
  });
});
