import type { Random } from '#lib/base';

/** A parser under fuzz. */
export interface Target {
  readonly name: string;
  /** One input, from the source and nothing else. */
  generate(random: Random): Buffer;
  /** Throws where the parser breaks its word about these bytes; the same bytes always do the same. */
  check(input: Buffer): void;
  /** False: the input is no text of the protocol but the seed of one, and a part of it means nothing. */
  readonly isShrinkable: boolean;
}

/** A target whose cases are made and checked in one go by a function of the unit suites. */
export function createSeededTarget(
  name: string,
  run: (random: Random) => unknown,
  seeded: (seed: number) => Random,
): Target {
  return {
    name,
    isShrinkable: false,
    generate(random) {
      const seed = Buffer.alloc(4);
      seed.writeUInt32BE(Math.floor(random() * 2 ** 32));
      return seed;
    },
    check: (input) => void run(seeded(input.readUInt32BE(0))),
  };
}
