import type { Millis } from './duration.ts';
import type { Random } from './random.ts';

/** Exponential backoff as the proxy does it: min·2ⁿ capped at max, plus up to `jitter` of that, capped at max. */
export interface BackoffConfig {
  readonly minMs: Millis;
  readonly maxMs: Millis;
  /** The share of the delay that may be added at random, from 0 on. */
  readonly jitter: number;
}

/** The delay before attempt `attempt` (0 for the first retry). */
export function backoffDelayMs(config: BackoffConfig, attempt: number, random: Random): Millis {
  const base = Math.min(config.minMs * 2 ** Math.min(attempt, 52), config.maxMs);
  return Math.min(base + base * config.jitter * random(), config.maxMs);
}
