import type { Clock } from '#lib/base';

/** A token bucket: `burst` at once, `qps` a second in the long run. */
export interface RateLimit {
  /**
   * Takes a token, perhaps one of the future, and says after how many milliseconds it may be used. Undefined, and
   * nothing taken, where that is later than `maxWaitMs`.
   */
  reserve(maxWaitMs: number): number | undefined;
}

/** A rate of 0 sets no limit. */
export function createRateLimit(options: {
  readonly qps: number;
  readonly burst: number;
  readonly clock: Clock;
}): RateLimit {
  const { qps, clock } = options;
  const burst = Math.max(1, options.burst);
  let tokens = burst;
  let filledMs = clock.monotonic();
  return {
    reserve(maxWaitMs) {
      if (qps <= 0) return 0;
      const nowMs = clock.monotonic();
      tokens = Math.min(burst, tokens + ((nowMs - filledMs) / 1000) * qps);
      filledMs = nowMs;
      const waitMs = tokens >= 1 ? 0 : ((1 - tokens) / qps) * 1000;
      if (waitMs > maxWaitMs) return undefined;
      tokens -= 1;
      return waitMs;
    },
  };
}
