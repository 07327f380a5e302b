import { expect, test } from 'vitest';
import { createWatchTable } from './watch-table.ts';

test('refresh() tells only the watches under the key, and only of what is new', () => {
  const table = createWatchTable<{ n: number }>();
  let n = 1;
  const seen: number[] = [];
  const stop = table.watch('a', {
    compute: () => ({ n }),
    initial: { n },
    listener: (value) => seen.push(value.n),
  });
  table.refresh(['a']);
  n = 2;
  table.refresh(['b']);
  expect(seen).toEqual([]);
  table.refresh(['a']);
  table.refresh(['a']);
  expect(seen).toEqual([2]);
  stop();
  stop();
  n = 3;
  table.refresh(['a']);
  expect(seen).toEqual([2]);
  expect(table.size).toBe(0);
});

test('a listener may end its own watch', () => {
  const table = createWatchTable<number>();
  let n = 0;
  const stop = table.watch('a', { compute: () => n, initial: n, listener: () => stop() });
  n = 1;
  table.refresh(['a']);
  expect(table.size).toBe(0);
});
