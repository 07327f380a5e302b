import type { Target } from './target.ts';

function plant(name: string, check: (input: Buffer) => void): Target {
  const generate = (random: () => number) =>
    Buffer.from(Array.from({ length: 40 }, () => Math.floor(random() * 256)));
  return { name, isShrinkable: true, generate, check };
}

/** Parsers with a fault each: the harness has to find it. */
export const TARGETS: readonly Target[] = [
  plant('sound', () => {}),
  plant('throws', (input) => {
    if (input.includes(0x2a) && input.includes(0x2b)) throw new RangeError('out of the table');
  }),
  plant('hangs', (input) => {
    while (input.includes(0x2a));
  }),
];
