import { returnChunk, takeChunk } from '../../transport/chunk-pool.ts';
import { FRAME_HEADER_BYTES, Frame, MAX_FRAME_BYTES } from './frame.ts';

export interface FrameSink {
  /** A whole frame; it and its bytes are lent for the call. */
  onFrame(frame: Frame): void;
  /** A frame above `maxFrameBytes` is announced; nothing more is read. */
  onFrameTooLarge(length: number): void;
}

const NOTHING = Buffer.alloc(0);

/** Cuts bytes into frames, wherever the pieces end. A frame that lies whole in one piece is not copied. */
export class FrameReader {
  /** Set to stop reading, within a call too. */
  stopped = false;
  /** What a frame may hold. */
  maxFrameBytes = MAX_FRAME_BYTES;
  readonly #sink: FrameSink;
  /** Frames that came in more than one piece so far: tells one from the next. */
  #partials = 0;
  readonly #frame = new Frame();
  /** The beginning of a frame whose rest has not come. */
  #held: Buffer = NOTHING;
  #heldBytes = 0;

  constructor(sink: FrameSink) {
    this.#sink = sink;
  }

  /** A number of its own for the frame that has begun and is not whole; undefined for none. */
  get unfinished(): number | undefined {
    return this.#heldBytes > 0 ? this.#partials : undefined;
  }

  read(chunk: Buffer): void {
    const end = chunk.length;
    let at = this.#heldBytes > 0 ? this.#completeHeld(chunk) : 0;
    while (!this.stopped && end - at >= FRAME_HEADER_BYTES) {
      const length = this.#lengthAt(chunk, at);
      const next = at + FRAME_HEADER_BYTES + length;
      if (length < 0) return;
      if (next > end) break;
      this.#pass(chunk, at, next);
      at = next;
    }
    if (!this.stopped && at < end) this.#hold(chunk, at);
  }

  /** Stops, and gives back what is held. */
  stop(): void {
    this.stopped = true;
    if (this.#heldBytes > 0) returnChunk(this.#held);
    this.#held = NOTHING;
    this.#heldBytes = 0;
  }

  /** The payload length of the header at `at`; -1, after telling the sink, where it is too large. */
  #lengthAt(bytes: Buffer, at: number): number {
    const length = (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!;
    if (length <= this.maxFrameBytes) return length;
    this.stop();
    this.#sink.onFrameTooLarge(length);
    return -1;
  }

  #pass(bytes: Buffer, at: number, end: number): void {
    const frame = this.#frame;
    frame.type = bytes[at + 3]!;
    frame.flags = bytes[at + 4]!;
    frame.streamId =
      ((bytes[at + 5]! & 0x7f) << 24) | (bytes[at + 6]! << 16) | (bytes[at + 7]! << 8) | bytes[at + 8]!;
    frame.bytes = bytes;
    frame.start = at + FRAME_HEADER_BYTES;
    frame.end = end;
    this.#sink.onFrame(frame);
  }

  #hold(chunk: Buffer, at: number): void {
    const bytes = chunk.length - at;
    this.#partials++;
    const whole = bytes >= FRAME_HEADER_BYTES ? FRAME_HEADER_BYTES + this.#lengthAt(chunk, at) : bytes;
    this.#held = takeChunk(Math.max(whole, FRAME_HEADER_BYTES));
    this.#held.set(chunk.subarray(at), 0);
    this.#heldBytes = bytes;
  }

  /** Adds to the held frame and passes it on when it is whole; returns where the chunk goes on. */
  #completeHeld(chunk: Buffer): number {
    let at = 0;
    if (this.#heldBytes < FRAME_HEADER_BYTES) {
      at = this.#fill(chunk, 0, FRAME_HEADER_BYTES);
      if (this.#heldBytes < FRAME_HEADER_BYTES) return at;
    }
    const length = this.#lengthAt(this.#held, 0);
    if (length < 0) return chunk.length;
    const whole = FRAME_HEADER_BYTES + length;
    if (whole > this.#held.length) this.#growHeld(whole);
    at = this.#fill(chunk, at, whole);
    if (this.#heldBytes < whole) return at;
    const held = this.#held;
    this.#held = NOTHING;
    this.#heldBytes = 0;
    this.#pass(held, 0, whole);
    returnChunk(held);
    return at;
  }

  /** Copies from `chunk` at `at` until `wanted` bytes are held or the chunk is used up. */
  #fill(chunk: Buffer, at: number, wanted: number): number {
    const next = Math.min(chunk.length, at + wanted - this.#heldBytes);
    this.#held.set(chunk.subarray(at, next), this.#heldBytes);
    this.#heldBytes += next - at;
    return next;
  }

  #growHeld(bytes: number): void {
    const larger = takeChunk(bytes);
    larger.set(this.#held.subarray(0, this.#heldBytes), 0);
    returnChunk(this.#held);
    this.#held = larger;
  }
}
