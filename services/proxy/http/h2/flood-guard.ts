import type { FloodLimit } from './config.ts';

/** Counts one kind of frame against a limit that time and useful work fill up again. No timers. */
export class FloodGuard {
  readonly #limit: FloodLimit;
  #left: number;
  #lastMs = 0;
  #lastUseful = 0;

  constructor(limit: FloodLimit) {
    this.#limit = limit;
    this.#left = limit.burst;
  }

  /** Takes one; false when it was one too many. `useful` only ever grows. */
  take(nowMs: number, useful: number): boolean {
    const earned = ((nowMs - this.#lastMs) * this.#limit.perSecond) / 1000 + (useful - this.#lastUseful);
    this.#lastMs = nowMs;
    this.#lastUseful = useful;
    this.#left = Math.min(this.#limit.burst, this.#left + earned) - 1;
    return this.#left >= 0;
  }
}
