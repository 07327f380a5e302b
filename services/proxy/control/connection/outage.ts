import { type Clock, type Millis, systemClock } from '#lib/base';
import type { Logger } from '#lib/telemetry';

export interface OutageOptions {
  readonly log: Logger;
  /** What the log says while it lasts, and of its end. */
  readonly text: { readonly failed: string; readonly over: string };
  /** What is away: in every line. */
  readonly fields: Readonly<Record<string, string>>;
  readonly clock?: Clock;
}

/** Why something is away, and since when. */
export interface Problem {
  readonly reason: string;
  /** ISO 8601. */
  readonly since: string;
}

/** How often an outage that goes on is told again. */
const REMINDER_MS: Millis = 15_000;

/** Something that is away: told at once, then now and then however often it fails, and when it is over. */
export class Outage {
  readonly #options: OutageOptions;
  readonly #clock: Clock;
  #sinceMs: Millis = 0;
  #since = '';
  #toldMs: Millis = 0;
  #reason: string | undefined;

  constructor(options: OutageOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  get problem(): Problem | undefined {
    return this.#reason === undefined ? undefined : { reason: this.#reason, since: this.#since };
  }

  failed(reason: string): void {
    const nowMs = this.#clock.monotonic();
    const isFirst = this.#reason === undefined;
    this.#reason = reason;
    if (isFirst) {
      this.#sinceMs = nowMs;
      this.#since = new Date(this.#clock.now()).toISOString();
    } else if (nowMs - this.#toldMs < REMINDER_MS) return;
    this.#toldMs = nowMs;
    const { log, text, fields } = this.#options;
    log.warn(text.failed, { ...fields, ...(isFirst ? {} : { since: this.#since }), error: reason });
  }

  end(): void {
    if (this.#reason === undefined) return;
    this.#reason = undefined;
    const { log, text, fields } = this.#options;
    const seconds = ((this.#clock.monotonic() - this.#sinceMs) / 1000).toFixed(1);
    log.info(text.over, { ...fields, after: `${seconds}s` });
  }
}
