import type { Field } from '../field.ts';

const SMALL_BLOCK_BYTES = 4096;
const LARGE_BLOCK_BYTES = 16_384;

/** Body bytes, and the end, that a stream could not send yet. Bytes are copied together, so that small pieces stay cheap. */
export class BodyQueue {
  bytes = 0;
  ended = false;
  trailers: readonly Field[] | undefined;
  readonly #blocks: { readonly bytes: Buffer; from: number; to: number }[] = [];

  append(chunk: Buffer, from: number): void {
    let at = from;
    while (at < chunk.length) {
      const block = this.#roomyBlock(chunk.length - at);
      const next = Math.min(chunk.length, at + block.bytes.length - block.to);
      block.bytes.set(chunk.subarray(at, next), block.to);
      block.to += next - at;
      at = next;
    }
    this.bytes += chunk.length - from;
  }

  #roomyBlock(wanted: number): { bytes: Buffer; from: number; to: number } {
    const last = this.#blocks.at(-1);
    if (last !== undefined && last.to < last.bytes.length) return last;
    const size = this.bytes + wanted <= SMALL_BLOCK_BYTES ? SMALL_BLOCK_BYTES : LARGE_BLOCK_BYTES;
    const block = { bytes: Buffer.allocUnsafeSlow(size), from: 0, to: 0 };
    this.#blocks.push(block);
    return block;
  }

  /** The first bytes, at most `most` of them; `drop` them when they are sent. */
  peek(most: number): Buffer {
    const first = this.#blocks[0];
    if (first === undefined) return EMPTY;
    return first.bytes.subarray(first.from, Math.min(first.to, first.from + most));
  }

  drop(bytes: number): void {
    const first = this.#blocks[0];
    if (first === undefined) return;
    first.from += bytes;
    this.bytes -= bytes;
    if (first.from === first.to) this.#blocks.shift();
  }
}

const EMPTY = Buffer.alloc(0);
