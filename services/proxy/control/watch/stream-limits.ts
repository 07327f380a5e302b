import type { Millis } from '#lib/base';

/** How long one stream may take or last; an absent one is not limited. */
export interface StreamLimits {
  /** To the first message; where it is absent that may take as long as one between messages. */
  readonly initialMs?: Millis;
  /** Between messages. */
  readonly idleMs?: Millis;
  readonly lifetimeMs?: Millis;
}

export type LimitName = 'initial' | 'idle' | 'lifetime';

/** The timers of one stream. `onLimit` is called at most once. */
export class StreamTimers {
  readonly #limits: StreamLimits;
  readonly #onLimit: (limit: LimitName) => void;
  #quiet: NodeJS.Timeout | undefined;
  #lifetime: NodeJS.Timeout | undefined;
  #hasMessage = false;

  constructor(limits: StreamLimits, onLimit: (limit: LimitName) => void) {
    this.#limits = limits;
    this.#onLimit = onLimit;
  }

  /** The call goes out. */
  start(): void {
    const { initialMs, idleMs } = this.#limits;
    this.#quiet = initialMs === undefined ? this.#set('idle', idleMs) : this.#set('initial', initialMs);
    this.#lifetime = this.#set('lifetime', this.#limits.lifetimeMs);
  }

  sawMessage(): void {
    if (this.#hasMessage) {
      this.#quiet?.refresh();
      return;
    }
    this.#hasMessage = true;
    clearTimeout(this.#quiet);
    this.#quiet = this.#set('idle', this.#limits.idleMs);
  }

  stop(): void {
    clearTimeout(this.#quiet);
    clearTimeout(this.#lifetime);
  }

  #set(limit: LimitName, delayMs: Millis | undefined): NodeJS.Timeout | undefined {
    if (delayMs === undefined) return undefined;
    return setTimeout(() => {
      this.stop();
      this.#onLimit(limit);
    }, delayMs);
  }
}
