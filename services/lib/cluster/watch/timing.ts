import { type BackoffConfig, backoffDelayMs, type Random } from '#lib/base';

/** How patient a Kubernetes source is. */
export interface WatchTiming {
  /** How often everything is listed to check on the watch, give or take a tenth. */
  readonly relistMs: number;
  /** After such a list: how long the watch may take to tell what the list already shows. */
  readonly settleMs: number;
  /** How long a watch runs before the server ends it: from this to twice this. */
  readonly watchMs: number;
  /** How long a watch may say nothing; API servers send a bookmark every minute. */
  readonly silentMs: number;
  /** How often a kind that is not served is looked for, give or take a third. */
  readonly absentMs: number;
  /** A watch that lived this long, or told something, was a good one: the next failure is a first one. */
  readonly goodMs: number;
  readonly backoff: BackoffConfig;
}

export const DEFAULT_TIMING: WatchTiming = {
  relistMs: 600_000,
  settleMs: 2000,
  watchMs: 300_000,
  silentMs: 150_000,
  absentMs: 15_000,
  goodMs: 5000,
  backoff: { minMs: 200, maxMs: 15_000, jitter: 0.5 },
};

/** `ms`, up to `share` of it more or less. */
export function jitterMs(ms: number, share: number, random: Random): number {
  return ms * (1 + share * (2 * random() - 1));
}

/** A part of the whole delay at the least: all controllers lose their watches at the same moment. */
export function retryMs(timing: WatchTiming, attempt: number, random: Random): number {
  return backoffDelayMs(timing.backoff, attempt, random) * (0.5 + random() / 2);
}
