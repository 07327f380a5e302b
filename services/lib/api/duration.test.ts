import { describe, expect, test } from 'vitest';
import { fromDuration, toDuration } from './duration.ts';

describe('durations', () => {
  test.each([
    [0, 0n, 0],
    [1, 0n, 1_000_000],
    [10_000, 10n, 0],
    [1500, 1n, 500_000_000],
    [0.25, 0n, 250_000],
    [-1500, -1n, -500_000_000],
    [999.9999999, 1n, 0],
  ])('%d ms are %d s and %d ns', (ms, seconds, nanos) => {
    expect(toDuration(ms)).toMatchObject({ seconds, nanos });
    expect(fromDuration(toDuration(ms))).toBeCloseTo(ms, 6);
  });

  test('what no message can hold is refused', () => {
    for (const ms of [Number.NaN, Number.POSITIVE_INFINITY, 1e18]) {
      expect(() => toDuration(ms)).toThrow(RangeError);
    }
  });
});
