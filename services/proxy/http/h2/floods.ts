import type { Clock } from '#lib/base';
import type { FloodLimits } from './config.ts';
import { FloodGuard } from './flood-guard.ts';
import type { SendFlow } from './send-flow.ts';

/** The kinds of frames that a peer could send for ever without asking for anything. */
export type FloodKind = 'resets' | 'pings' | 'settings' | 'emptyFrames' | 'windowUpdates' | 'idleFrames';

/** A reader may let go of a DATA frame in so many pieces, and say so of the stream and of the connection. */
const UPDATES_PER_FRAME = 16;

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
      windowUpdates: new FloodGuard(limits.windowUpdates),
      idleFrames: new FloodGuard(limits.idleFrames),
    };
  }

  /**
   * Counts one; false when it was one too many. Whole streams make up for resets, DATA sent for window updates, useful
   * frames for the others.
   */
  take(kind: FloodKind): boolean {
    const useful = this.#countUseful(kind);
    return this.#guards[kind].take(this.#clock.monotonic(), useful);
  }

  #countUseful(kind: FloodKind): number {
    if (kind === 'resets') return this.wholeStreams;
    if (kind === 'windowUpdates') return this.usefulFrames + this.#sendFlow.sentFrames * UPDATES_PER_FRAME;
    return this.usefulFrames + this.#sendFlow.sentFrames;
  }
}
