import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseStart } from './process.ts';

describe('parseStart()', () => {
  it('reads when a process was started', () => {
    const stat = '42 (sleep) S 1 42 42 0 -1 4194560 107 0 0 0 0 0 0 0 20 0 1 0 123456 2580480 189';
    expect(parseStart(stat)).toBe(123456);
    expect(parseStart(stat.replace('sleep', 'a) Z (b'))).toBe(123456);
  });

  it('takes a dead process that nobody has reaped for gone, as one that is not there', () => {
    expect(
      parseStart('42 (sleep) Z 1 42 42 0 -1 4194560 107 0 0 0 0 0 0 0 20 0 1 0 123456 0 0'),
    ).toBeUndefined();
    expect(parseStart('')).toBeUndefined();
  });

  it('takes a process for alive while some thread of it still has to end', () => {
    expect(parseStart('42 (sleep) Z 1 42 42 0 -1 4194560 107 0 0 0 0 0 0 0 20 0 3 0 123456 0 0')).toBe(
      123456,
    );
  });

  it('reads what this kernel writes', () => {
    expect(parseStart(readFileSync('/proc/self/stat', 'utf8'))).toBeGreaterThan(0);
  });
});
