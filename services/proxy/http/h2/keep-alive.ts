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
    this.#timer = undefined;
  }

  #wait(ms: number): void {
    this.#timer = setTimeout(() => this.#look(), ms).unref();
  }

  #look(): void {
    const { readMs } = this.#target;
    if (this.#askedMs !== undefined && readMs < this.#askedMs) return this.#target.onKeepAliveTimeout();
    this.#askedMs = undefined;
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
