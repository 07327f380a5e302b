import type { Clock } from '#lib/base';
import type { FloodLimits } from './config.ts';
import { FloodGuard } from './flood-guard.ts';
import type { SendFlow } from './send-flow.ts';

/** The kinds of frames that a peer could send for ever without asking for anything. */
export type FloodKind = 'resets' | 'pings' | 'settings' | 'emptyFrames' | 'idleFrames';

/** What one connection's peer may still do without purpose. */
export class Floods {
  /** HEADERS, and DATA with bytes, that came. */
  usefulFrames = 0;
  /** Streams that came to their end. */
  wholeStreams = 0;
  readonly #clock: Clock;
  readonly #sendFlow: SendFlow;
  readonly #guards: Readonly<Record<FloodKind, FloodGuard>>;

  constructor(limits: FloodLimits, clock: Clock, sendFlow: SendFlow) {
    this.#clock = clock;
    this.#sendFlow = sendFlow;
    this.#guards = {
      resets: new FloodGuard(limits.resets),
      pings: new FloodGuard(limits.pings),
      settings: new FloodGuard(limits.settings),
      emptyFrames: new FloodGuard(limits.emptyFrames),
      idleFrames: new FloodGuard(limits.idleFrames),
    };
  }

  /** Counts one; false when it was one too many. Whole streams make up for resets, useful frames for the others. */
  take(kind: FloodKind): boolean {
    const useful = kind === 'resets' ? this.wholeStreams : this.usefulFrames + this.#sendFlow.sentFrames;
    return this.#guards[kind].take(this.#clock.monotonic(), useful);
  }
}
