import { describe, expect, it } from 'vitest';
import { computeRefreshDelayMs } from './refresh-delay.ts';

const HOUR_MS = 3_600_000;
const CONFIG = { minRefreshMs: 10_000, maxRefreshMs: 24 * HOUR_MS };

describe('computeRefreshDelayMs()', () => {
  it.each([
    ['a day: 70 % of it', 24 * HOUR_MS, 16.8 * HOUR_MS],
    ['a month: not after the maximum', 720 * HOUR_MS, 24 * HOUR_MS],
    ['a few seconds: not before the minimum', 5000, 10_000],
    ['none, it has expired', -HOUR_MS, 10_000],
  ])('has left %s', (_, remainingMs, expectedMs) => {
    expect(computeRefreshDelayMs(CONFIG, 1_000_000 + remainingMs, 1_000_000)).toBeCloseTo(expectedMs);
  });

  it('tries again after the minimum while there is no certificate', () => {
    expect(computeRefreshDelayMs(CONFIG, undefined, 0)).toBe(10_000);
  });

  it('stays within what a timer takes', () => {
    const config = { minRefreshMs: 0, maxRefreshMs: Number.MAX_SAFE_INTEGER };
    expect(computeRefreshDelayMs(config, 1e15, 0)).toBeLessThan(2 ** 31);
  });
});
