import type { Millis } from '#lib/base';

/** Exponential waiting between tries. */
export interface Backoff {
  readonly minMs: Millis;
  /** Not below `minMs`. */
  readonly maxMs: Millis;
  /** The share of a delay that may be added at random. */
  readonly jitterRatio: number;
}
