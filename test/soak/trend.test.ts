import { expect, test } from 'vitest';
import { seededRandom } from '#lib/base';
import { fitTrend } from './trend.ts';

const points = (valueAt: (minute: number) => number) =>
  Array.from({ length: 30 }, (_, minute) => ({ atMs: minute * 60_000, value: valueAt(minute) }));

test('fitTrend() finds what a leak adds from the first point to the last', () => {
  expect(fitTrend(points((minute) => 20 + minute / 2))?.growth).toBeCloseTo(14.5);
  expect(fitTrend(points(() => 20))).toMatchObject({ early: 20, late: 20, growth: 0 });
});

test('fitTrend() sees no growth in a value that goes up and down', () => {
  const random = seededRandom(5);
  expect(Math.abs(fitTrend(points(() => 20 + 4 * random()))?.growth ?? 9)).toBeLessThan(1.5);
});

test('fitTrend() says nothing of a few points', () => {
  expect(fitTrend(points(() => 1).slice(0, 5))).toBeUndefined();
});
