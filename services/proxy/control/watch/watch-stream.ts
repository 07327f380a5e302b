import { type BackoffConfig, backoffDelayMs, type Millis, type Random } from '#lib/base';
import type { CallHandlers } from '../channel.ts';
import type { Watch } from '../discovery-api.ts';
import type { StreamStatus } from '../discovery-status.ts';
import type { GrpcOutcome } from '../grpc-outcome.ts';
import { GRPC_STATUS } from '../grpc-status.ts';
import { type LimitName, type StreamLimits, StreamTimers } from './stream-limits.ts';

export interface WatchStreamOptions<Message> {
  /** Starts a call; returns what cancels it, after which no handler is called. */
  readonly start: (handlers: CallHandlers<Message>) => () => void;
  /** A new call is made: what comes is the whole state again. */
  readonly onStream?: () => void;
  readonly onMessage: (message: Message) => void;
  /** True where a status ends the watch for good; anything else is tried again. */
  readonly isFinal: (end: GrpcOutcome) => boolean;
  readonly onFinal?: (end: GrpcOutcome) => void;
  /** Ended with a status after which it is tried again. */
  readonly onRetry?: (end: GrpcOutcome) => void;
  readonly limits: StreamLimits;
  readonly backoff: BackoffConfig;
  readonly random: Random;
  readonly status: StreamStatus;
  /** Calls back when the service has become reachable; returns what stops that. */
  readonly onReachable: (listener: () => void) => () => void;
}

/** After an outage not every stream comes back in the same moment. */
const WAKE_SPREAD_MS = 500;

/**
 * Watches by a server-streaming call that is made again whenever it ends:
 *
 *     open ──ended, failed, initial limit──► waiting (backoff, or the service is reachable again) ──► open
 *       │ └──idle or lifetime limit──► open
 *       └──final status, close()──► over
 *
 * What the listener was told last stays true in the meantime.
 */
export class WatchStream<Message> implements Watch {
  readonly #options: WatchStreamOptions<Message>;
  readonly #stopListening: () => void;
  #isOver = false;
  #attempt = 0;
  #cancel: () => void = () => {};
  #timers: StreamTimers | undefined;
  #retryTimer: NodeJS.Timeout | undefined;

  constructor(options: WatchStreamOptions<Message>) {
    this.#options = options;
    this.#stopListening = options.onReachable(() => {
      if (this.#retryTimer !== undefined) this.#retryAfter(options.random() * WAKE_SPREAD_MS);
    });
    this.#open();
  }

  close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#retryTimer);
    this.#timers?.stop();
    this.#stopListening();
    this.#options.status.remove();
    this.#cancel();
  }

  #open(): void {
    this.#retryTimer = undefined;
    const timers = new StreamTimers(this.#options.limits, (limit) => this.#onLimit(limit));
    this.#timers = timers;
    this.#options.onStream?.();
    const isCurrent = () => !this.#isOver && this.#timers === timers;
    const cancel = this.#options.start({
      onStarted: () => {
        this.#options.status.up();
        timers.start();
      },
      onMessage: (message) => {
        if (isCurrent()) this.#onMessage(message);
      },
      onEnd: (end) => {
        if (isCurrent()) this.#onEnd(end);
      },
    });
    if (isCurrent()) this.#cancel = cancel;
    else cancel();
  }

  #onMessage(message: Message): void {
    this.#attempt = 0;
    this.#timers?.sawMessage();
    this.#options.status.sawMessage();
    this.#options.onMessage(message);
  }

  #onLimit(limit: LimitName): void {
    this.#cancel();
    if (limit === 'initial') {
      this.#onEnd({ code: GRPC_STATUS.deadlineExceeded, message: 'no message came in time' });
    } else {
      this.#open();
    }
  }

  #onEnd(end: GrpcOutcome): void {
    this.#timers?.stop();
    this.#cancel = () => {};
    if (this.#options.isFinal(end)) {
      this.close();
      this.#options.onFinal?.(end);
      return;
    }
    if (end.code !== GRPC_STATUS.notFound) this.#options.status.down(end.message);
    this.#options.onRetry?.(end);
    this.#retryAfter(backoffDelayMs(this.#options.backoff, this.#attempt, this.#options.random));
    this.#attempt++;
  }

  #retryAfter(delayMs: Millis): void {
    clearTimeout(this.#retryTimer);
    this.#retryTimer = setTimeout(() => this.#open(), delayMs);
  }
}
