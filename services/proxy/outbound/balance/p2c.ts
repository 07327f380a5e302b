import type { Millis, Random } from '#lib/base';

/** What P2C compares. */
export interface Loaded {
  load(nowMs: Millis): number;
}

/**
 * Power of two choices: two distinct candidates at random, the one with the lower load wins, the first on a tie.
 * Undefined for an empty list. (Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing".)
 */
export function pickOfTwo<T extends Loaded>(
  candidates: readonly T[],
  nowMs: Millis,
  random: Random,
): T | undefined {
  const count = candidates.length;
  if (count <= 1) return candidates[0];
  const first = Math.floor(random() * count);
  let second = Math.floor(random() * (count - 1));
  if (second >= first) second++;
  const a = candidates[first]!;
  const b = candidates[second]!;
  return b.load(nowMs) < a.load(nowMs) ? b : a;
}
