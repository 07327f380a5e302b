import type { HeaderBlock } from '../hpack/head-reader.ts';
import type { FloodLimits } from './config.ts';
import { FLAG, type Frame } from './frame.ts';

/** A HEADERS frame whose CONTINUATION frames are still to come (RFC 9113 section 6.10). */
export class HeaderAssembly {
  readonly streamId: number;
  readonly endStream: boolean;
  readonly #limits: FloodLimits;
  #bytes: Buffer;
  #used = 0;
  #frames = 0;

  constructor(first: { readonly frame: Frame; readonly block: HeaderBlock }, limits: FloodLimits) {
    this.streamId = first.frame.streamId;
    this.endStream = (first.frame.flags & FLAG.endStream) !== 0;
    this.#limits = limits;
    this.#bytes = Buffer.allocUnsafe(4 * (first.block.end - first.block.start) + 1024);
    this.#append(first.block);
  }

  /** Adds a CONTINUATION; false when it is one too many, or the block has grown too large. */
  add(frame: Frame): boolean {
    this.#frames++;
    this.#append(frame);
    return this.#frames <= this.#limits.continuations && this.#used <= this.#limits.headerBlockBytes;
  }

  get block(): HeaderBlock {
    return { bytes: this.#bytes, start: 0, end: this.#used };
  }

  #append({ bytes, start, end }: HeaderBlock): void {
    const needed = this.#used + end - start;
    if (needed > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(needed * 2);
      larger.set(this.#bytes.subarray(0, this.#used), 0);
      this.#bytes = larger;
    }
    this.#bytes.set(bytes.subarray(start, end), this.#used);
    this.#used = needed;
  }
}
