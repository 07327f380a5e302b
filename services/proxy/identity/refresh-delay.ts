import type { Millis } from '#lib/base';

export interface RefreshConfig {
  readonly minRefreshMs: Millis;
  readonly maxRefreshMs: Millis;
}

/** Part of the remaining lifetime after which a certificate is renewed. */
const REFRESH_RATIO = 0.7;
/** The longest delay that a timer of Node takes. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * When to ask for the next certificate; `notAfterMs` is undefined while there is none. The same after a success and
 * after a failure. Source: facts sheet proxy-wire, section 9.
 */
export function computeRefreshDelayMs(
  config: RefreshConfig,
  notAfterMs: number | undefined,
  nowMs: number,
): Millis {
  const remainingMs = notAfterMs === undefined ? 0 : Math.max(0, notAfterMs - nowMs);
  const wantedMs = Math.min(remainingMs * REFRESH_RATIO, config.maxRefreshMs);
  return Math.min(Math.max(wantedMs, config.minRefreshMs), MAX_TIMER_MS);
}
