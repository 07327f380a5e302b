import { expect, test } from 'vitest';
import { histogramQuantile } from './histogram-quantile.ts';

const INF = Number.POSITIVE_INFINITY;

test('histogramQuantile() interpolates within the bucket', () => {
  // Ten observations up to 1, ten more up to 2: the 15th of 20 is in the middle of the second bucket.
  const buckets = new Map([
    [1, 10],
    [2, 20],
    [INF, 20],
  ]);
  expect(histogramQuantile(0.5, buckets)).toBe(1);
  expect(histogramQuantile(0.75, buckets)).toBe(1.5);
  expect(histogramQuantile(0.25, buckets)).toBe(0.5);
});

test('histogramQuantile() does not depend on the order of the buckets', () => {
  const buckets = new Map([
    [INF, 4],
    [10, 4],
    [5, 0],
  ]);
  expect(histogramQuantile(0.5, buckets)).toBe(7.5);
});

test('histogramQuantile() takes the last finite bound for what lies beyond it', () => {
  const buckets = new Map([
    [100, 1],
    [50000, 1],
    [INF, 10],
  ]);
  expect(histogramQuantile(0.99, buckets)).toBe(50000);
});

test('histogramQuantile() is undefined without observations, or without the bucket that holds them all', () => {
  expect(histogramQuantile(0.5, new Map())).toBeUndefined();
  expect(histogramQuantile(0.5, new Map([[INF, 0]]))).toBeUndefined();
  expect(histogramQuantile(0.5, new Map([[1, 5]]))).toBeUndefined();
  expect(histogramQuantile(0.5, new Map([[INF, 5]]))).toBeUndefined();
});
