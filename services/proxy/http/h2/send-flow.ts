import { BACKLOG_LIMIT_BYTES, type Wire } from '../../transport/wire.ts';
import { DEFAULT_WINDOW_BYTES, MAX_FRAME_BYTES, MAX_WINDOW_BYTES } from './frame.ts';
import type { H2Stream } from './stream.ts';

/** The sending side of a connection's flow control: its window, who waits for it, and credit kept back. */
export class SendFlow {
  readonly wire: Wire;
  window = DEFAULT_WINDOW_BYTES;
  /** What a stream may send at first, as the peer's settings say. */
  streamWindow = DEFAULT_WINDOW_BYTES;
  /** DATA frames with bytes sent so far: useful work. */
  sentFrames = 0;
  /** … and the bytes in them. */
  sentBytes = 0;
  /** Body bytes of all streams that wait for windows of the peer. */
  queuedBytes = 0;
  /** Streams with bytes and a window of their own, in the order they began to wait. */
  #waiting: H2Stream[] = [];
  /** Streams whose producers get credit when the wire has drained. */
  #held: H2Stream[] = [];

  constructor(wire: Wire) {
    this.wire = wire;
  }

  /** Remembers a stream that the connection's window holds up. */
  wait(stream: H2Stream): void {
    if (stream.waiting) return;
    stream.waiting = true;
    this.#waiting.push(stream);
  }

  /** A WINDOW_UPDATE of the connection; false where it overflows. */
  grow(bytes: number): boolean {
    this.window += bytes;
    if (this.window > MAX_WINDOW_BYTES) return false;
    this.#sendWaiting();
    return true;
  }

  /** A frame for each in turn, so that no stream starves the others. */
  #sendWaiting(): void {
    let round = this.#waiting;
    while (round.length > 0 && this.window > 0) {
      this.#waiting = [];
      for (const stream of round) {
        stream.waiting = false;
        if (this.window > 0) stream.sendQueued(MAX_FRAME_BYTES);
        else this.wait(stream);
      }
      round = this.#waiting;
    }
  }

  /** Tells the producer that bytes have gone on, unless the wire is behind: then when it has drained. */
  credit(stream: H2Stream, bytes: number): void {
    if (this.wire.backlog <= BACKLOG_LIMIT_BYTES) {
      stream.creditProducer(bytes);
      return;
    }
    if (stream.heldCredit === 0) this.#held.push(stream);
    stream.heldCredit += bytes;
  }

  releaseHeld(): void {
    const streams = this.#held;
    if (streams.length === 0) return;
    this.#held = [];
    for (const stream of streams) {
      const bytes = stream.heldCredit;
      stream.heldCredit = 0;
      if (bytes > 0) stream.creditProducer(bytes);
    }
  }
}
