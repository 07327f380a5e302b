import type { Millis } from '#lib/base';

/** The smallest estimate a fresh endpoint may start with. */
const MIN_DEFAULT_RTT_MS = 1;

/**
 * Peak EWMA of an endpoint's response time: a sample above the estimate replaces it at once, one below pulls it down
 * by weight e^(−Δt/decay). Load is the decayed estimate times what is in flight. Source: facts sheet proxy-wire,
 * section 19 (Finagle's peak EWMA).
 */
export class PeakEwma {
  readonly #decayMs: Millis;
  #estimateMs: Millis;
  #updatedMs: Millis;
  inFlight = 0;

  constructor(config: { readonly defaultRttMs: Millis; readonly decayMs: Millis }, nowMs: Millis) {
    this.#decayMs = config.decayMs;
    this.#estimateMs = Math.max(config.defaultRttMs, MIN_DEFAULT_RTT_MS);
    this.#updatedMs = nowMs;
  }

  /** Counts a response that took `rttMs`. */
  observe(rttMs: Millis, nowMs: Millis): void {
    if (rttMs > this.#estimateMs) this.#estimateMs = rttMs;
    else {
      const weight = Math.exp(-(nowMs - this.#updatedMs) / this.#decayMs);
      this.#estimateMs = this.#estimateMs * weight + rttMs * (1 - weight);
    }
    this.#updatedMs = nowMs;
  }

  /** What a further request would cost here; an idle endpoint's load falls towards 0. */
  load(nowMs: Millis): number {
    const idleMs = nowMs - this.#updatedMs;
    const estimate = idleMs > 0 ? this.#estimateMs * Math.exp(-idleMs / this.#decayMs) : this.#estimateMs;
    return estimate * (this.inFlight + 1);
  }
}
