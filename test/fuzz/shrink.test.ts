import { expect, test } from 'vitest';
import { shrink } from './shrink.ts';

const failing = (isBad: (text: string) => boolean) => (input: Buffer) =>
  Promise.resolve(isBad(input.toString()) ? 'Error: bad\n    at parse (x.ts:1:1)' : undefined);

test('shrink() leaves out all that does not matter', async () => {
  const find = failing((text) => text.includes('a') && text.includes('zz'));
  const smallest = await shrink(Buffer.from('some text with a few letters, and zz at the end of it'), find);
  expect([...smallest.toString()].sort().join('')).toBe('azz');
});

test('shrink() does not slip to another failure', async () => {
  const find = (input: Buffer) =>
    Promise.resolve(
      `Error: ${input.length}\n    at ${input.includes('x') ? 'parse (x.ts:1:1)' : 'check (y.ts:2:2)'}`,
    );
  expect((await shrink(Buffer.from('abcxdef'), find)).toString()).toBe('x');
});

test('shrink() gives an input back that fails no more', async () => {
  expect(
    (
      await shrink(
        Buffer.from('abc'),
        failing(() => false),
      )
    ).toString(),
  ).toBe('abc');
});
