import type { KeepAliveConfig } from './config.ts';

/** What keeps a connection alive asks of it. */
export interface KeepAliveTarget {
  isIdle(): boolean;
  sendKeepAlive(): void;
  onKeepAliveTimeout(): void;
}

/**
 * Watches one connection for silence: after `intervalMs` without a byte a PING, after `timeoutMs` more it is given
 * up. One timer a connection; a read only sets `heard`.
 */
export class KeepAlive {
  /** Something came since the last look. */
  heard = true;
  readonly #config: KeepAliveConfig;
  readonly #target: KeepAliveTarget;
  #timer: NodeJS.Timeout | undefined;
  #asked = false;

  constructor(config: KeepAliveConfig, target: KeepAliveTarget) {
    this.#config = config;
    this.#target = target;
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
    const heard = this.heard;
    this.heard = false;
    const resting = this.#target.isIdle() && !this.#config.whileIdle;
    if (heard || (resting && !this.#asked)) {
      this.#asked = false;
      this.#wait(this.#config.intervalMs);
    } else if (!this.#asked) {
      this.#asked = true;
      this.#target.sendKeepAlive();
      this.#wait(this.#config.timeoutMs);
    } else {
      this.#target.onKeepAliveTimeout();
    }
  }
}
