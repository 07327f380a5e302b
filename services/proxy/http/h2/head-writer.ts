import type { Wire } from '../../transport/wire.ts';
import type { Field } from '../field.ts';
import type { RequestHead, ResponseHead } from '../head.ts';
import { boundOfFields } from '../hpack/encoder.ts';
import { boundOfHead, HeadEncoder } from '../hpack/head-encoder.ts';
import { FLAG, FRAME, FRAME_HEADER_BYTES, MAX_FRAME_BYTES } from './frame.ts';
import { putFrameHeader } from './frame-writer.ts';

/** Below this a copy in JavaScript is faster than a call into Node. */
const SHORT_BLOCK = 64;
/** What one more field of 64 bytes of text takes at most. */
const EXTRA_FIELD_BYTES = 80;

export interface HeadersOptions {
  readonly streamId: number;
  readonly end: boolean;
  /** A field to add where the head has no `date`. */
  readonly date: Field | undefined;
}

/** Writes header sections of one connection as HEADERS and, where they are large, CONTINUATION frames. */
export class HeadWriter {
  readonly encoder = new HeadEncoder();
  readonly #wire: Wire;

  constructor(wire: Wire) {
    this.#wire = wire;
  }

  writeHead(head: RequestHead | ResponseHead, options: HeadersOptions): void {
    const kept = this.encoder.findKept(head);
    if (kept !== undefined) this.#writeKept(kept, options);
    else this.#encode(head, options);
  }

  writeTrailers(fields: readonly Field[], streamId: number): void {
    const bound = boundOfFields(fields);
    const { out, at } = this.#room(bound);
    this.encoder.hpack.begin(out, at);
    this.encoder.hpack.writeFields(fields);
    this.#finish(out, at, { streamId, end: true, date: undefined });
  }

  #writeKept(kept: { bytes: Buffer; sawDate: boolean }, options: HeadersOptions): void {
    const { bytes } = kept;
    const wire = this.#wire;
    const start = wire.reserve(FRAME_HEADER_BYTES + bytes.length + EXTRA_FIELD_BYTES) + FRAME_HEADER_BYTES;
    const out = wire.out;
    if (bytes.length <= SHORT_BLOCK) for (let i = 0; i < bytes.length; i++) out[start + i] = bytes[i]!;
    else out.set(bytes, start);
    let end = start + bytes.length;
    if (options.date !== undefined && !kept.sawDate) {
      const hpack = this.encoder.hpack;
      hpack.begin(out, end);
      hpack.writeField(options.date);
      end = hpack.at;
    }
    wire.used = end;
    this.#putHeader(out, { at: start, length: end - start, options });
  }

  #encode(head: RequestHead | ResponseHead, options: HeadersOptions): void {
    const { out, at } = this.#room(boundOfHead(head) + EXTRA_FIELD_BYTES);
    this.encoder.begin(out, at);
    this.encoder.writeHead(head);
    if (head.repeated) this.encoder.keep(head, out);
    const { hpack } = this.encoder;
    if (options.date !== undefined && !hpack.sawDate) hpack.writeField(options.date);
    this.#finish(out, at, options);
  }

  /** Where a block of at most `bound` bytes goes: into the wire behind a frame header, or apart if it may be split. */
  #room(bound: number): { out: Buffer; at: number } {
    if (bound > MAX_FRAME_BYTES) return { out: Buffer.allocUnsafe(bound), at: 0 };
    const at = this.#wire.reserve(FRAME_HEADER_BYTES + bound) + FRAME_HEADER_BYTES;
    return { out: this.#wire.out, at };
  }

  #finish(out: Buffer, at: number, options: HeadersOptions): void {
    const end = this.encoder.hpack.at;
    if (out !== this.#wire.out) {
      this.#writeSplit(out.subarray(at, end), options);
      return;
    }
    this.#wire.used = end;
    this.#putHeader(out, { at, length: end - at, options });
  }

  #putHeader(out: Buffer, block: { at: number; length: number; options: HeadersOptions }): void {
    const { end, streamId } = block.options;
    const flags = end ? FLAG.endHeaders | FLAG.endStream : FLAG.endHeaders;
    const header = { length: block.length, type: FRAME.headers, flags, streamId };
    putFrameHeader(out, block.at - FRAME_HEADER_BYTES, header);
  }

  #writeSplit(block: Buffer, { streamId, end }: HeadersOptions): void {
    let from = 0;
    do {
      const next = Math.min(block.length, from + MAX_FRAME_BYTES);
      const type = from === 0 ? FRAME.headers : FRAME.continuation;
      const flags = (from === 0 && end ? FLAG.endStream : 0) | (next === block.length ? FLAG.endHeaders : 0);
      const at = this.#wire.reserve(FRAME_HEADER_BYTES + next - from);
      const payload = putFrameHeader(this.#wire.out, at, { length: next - from, type, flags, streamId });
      this.#wire.out.set(block.subarray(from, next), payload);
      this.#wire.used = payload + next - from;
      from = next;
    } while (from < block.length);
  }
}
