import type { H2Stream } from './stream.ts';

/** What an unread watch asks of it: a connection that many readers share. */
export interface UnreadTarget {
  /** The peer can hardly send anything: what it sent before is not read. */
  isStarved(): boolean;
  /** Whatever may hold bytes that its reader has not taken, also after its end. */
  unreadStreams(): Iterable<H2Stream>;
  /** The stream keeps bytes that its reader did not take while the others starved. */
  onSlowReader(stream: H2Stream): void;
}

/** Who is found not to read may have asked for more: what the others get until that is found too. */
const AGAIN_MS = 250;

/**
 * Keeps a few readers that do not read from holding up all others of a connection: while its window is used up, streams
 * whose bytes were not read for `timeoutMs` are ended. A reader may pause as long as it likes where nobody starves.
 */
export class UnreadWatch {
  readonly #timeoutMs: number;
  readonly #target: UnreadTarget;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(timeoutMs: number, target: UnreadTarget) {
    this.#timeoutMs = timeoutMs;
    this.#target = target;
  }

  /** The connection starves now. */
  begin(): void {
    if (this.#timer === undefined) this.#wait(this.#timeoutMs);
  }

  #wait(durationMs: number): void {
    // Ending a stream may have ended the connection.
    if (this.#stopped) return;
    for (const stream of this.#target.unreadStreams()) stream.markUnread();
    this.#timer = setTimeout(() => this.#look(), durationMs).unref();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #look(): void {
    this.#timer = undefined;
    if (!this.#target.isStarved()) return;
    const streams = [...this.#target.unreadStreams()];
    const isAnybodyWaiting = streams.some((stream) => !stream.hasUnread);
    const slow = isAnybodyWaiting ? streams.filter((stream) => stream.isUnreadSinceMark()) : [];
    for (const stream of slow) this.#target.onSlowReader(stream);
    if (slow.length > 0) this.#wait(Math.min(this.#timeoutMs, AGAIN_MS));
    else this.#wait(this.#timeoutMs);
  }
}
