import type { Wire } from '../../transport/wire.ts';
import { DEFAULT_WINDOW_BYTES, MAX_FRAME_BYTES } from './frame.ts';
import { writeWindowUpdate } from './frame-writer.ts';

/** The receiving side of a connection's flow control: what the peer may send, and what was consumed of it. */
export class ReceiveFlow {
  /** Called when the window is used up by what nobody has consumed. */
  onStarved: (() => void) | undefined = undefined;
  readonly #wire: Wire;
  readonly #windowBytes: number;
  #left = DEFAULT_WINDOW_BYTES;
  #consumed = 0;
  #stopped = false;

  constructor(wire: Wire, windowBytes: number) {
    this.#wire = wire;
    this.#windowBytes = Math.max(windowBytes, DEFAULT_WINDOW_BYTES);
  }

  /** Opens the window from its default to what is configured. */
  open(): void {
    const more = this.#windowBytes - this.#left;
    if (more === 0) return;
    this.#left = this.#windowBytes;
    writeWindowUpdate(this.#wire, 0, more);
  }

  /** The connection is over: the peer need not hear of anything. */
  stop(): void {
    this.#stopped = true;
  }

  /** Counts the payload of a DATA frame; false where the peer sent more than it may. */
  take(bytes: number): boolean {
    this.#left -= bytes;
    if (this.#left < MAX_FRAME_BYTES) this.onStarved?.();
    return this.#left >= 0;
  }

  /** Less than a frame is left of the window, though all that was consumed of half of it would have been given back. */
  get isStarved(): boolean {
    return this.#left < MAX_FRAME_BYTES;
  }

  /** Gives back what was consumed or thrown away; the peer hears of it when half the window has come together. */
  giveBack(bytes: number): void {
    this.#consumed += bytes;
    if (this.#consumed * 2 < this.#windowBytes) return;
    const consumed = this.#consumed;
    this.#consumed = 0;
    this.#left += consumed;
    if (!this.#stopped) writeWindowUpdate(this.#wire, 0, consumed);
  }
}
