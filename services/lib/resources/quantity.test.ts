import { describe, expect, it } from 'vitest';
import { parseQuantity } from './index.ts';

describe('parseQuantity', () => {
  it.each<[string | number, number | undefined]>([
    ['1', 1],
    ['500m', 0.5],
    ['-500m', -0.5],
    ['0.1', 0.1],
    ['.5', 0.5],
    ['1.', 1],
    ['2k', 2000],
    ['64Mi', 64 * 1024 * 1024],
    ['1Ei', 2 ** 60],
    ['1e3', 1000],
    ['1E-1', 0.1],
    ['3n', 3e-9],
    ['1E', 1e18],
    [3, 3],
    [Number.NaN, undefined],
    ['', undefined],
    ['abc', undefined],
    ['1mi', undefined],
    ['1 m', undefined],
  ])('%j → %j', (text, value) => {
    expect(parseQuantity(text)).toBe(value);
  });
});
