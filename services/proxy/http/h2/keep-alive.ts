import type { Clock } from '#lib/base';
import type { KeepAliveConfig } from './config.ts';

/** What keeps a connection alive asks of it. */
export interface KeepAliveTarget {
  /** When bytes came last, in whole milliseconds of the clock. */
  readonly readMs: number;
  isIdle(): boolean;
  sendKeepAlive(): void;
  onKeepAliveTimeout(): void;
}

/**
 * Watches one connection for silence: after `intervalMs` without a byte a PING, after `timeoutMs` more it is given
 * up. One timer a connection, that reads do not touch.
 */
export class KeepAlive {
  readonly #config: KeepAliveConfig;
  readonly #target: KeepAliveTarget;
  readonly #clock: Clock;
  #timer: NodeJS.Timeout | undefined;
  #lastLook: NodeJS.Immediate | undefined;
  /** When the PING was sent that waits for an answer. */
  #askedMs: number | undefined;

  constructor(config: KeepAliveConfig, target: KeepAliveTarget, clock: Clock) {
    this.#config = config;
    this.#target = target;
    this.#clock = clock;
    this.#wait(config.intervalMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#lastLook);
    this.#timer = undefined;
    this.#lastLook = undefined;
  }

  #wait(ms: number): void {
    this.#timer = setTimeout(() => this.#look(), ms).unref();
  }

  #look(): void {
    if (this.#isUnanswered) {
      // After a stall of this process the answer may be there, not read yet: sockets come after timers.
      this.#lastLook = setImmediate(() => {
        if (this.#isUnanswered) this.#target.onKeepAliveTimeout();
        else this.#goOn();
      });
      return;
    }
    this.#goOn();
  }

  get #isUnanswered(): boolean {
    return this.#askedMs !== undefined && this.#target.readMs < this.#askedMs;
  }

  #goOn(): void {
    this.#askedMs = undefined;
    const { readMs } = this.#target;
    const nowMs = Math.floor(this.#clock.monotonic());
    const leftMs = this.#config.intervalMs - (nowMs - readMs);
    if (leftMs > 0) this.#wait(leftMs);
    else if (this.#target.isIdle() && !this.#config.whileIdle) this.#wait(this.#config.intervalMs);
    else {
      this.#askedMs = nowMs;
      this.#target.sendKeepAlive();
      this.#wait(this.#config.timeoutMs);
    }
  }
}
