import type { Field } from '../field.ts';
import { readTrailerLines } from './field-line.ts';
import { CR, LF } from './grammar.ts';
import { REFUSAL, Refusal } from './refusal.ts';

/** All chunk extensions of one message together; they are read over and forgotten. */
const MAX_EXTENSION_BYTES = 16_384;
const MAX_TRAILER_BYTES = 8192;
const MAX_SIZE_DIGITS = 12;

/** Takes what a decoder finds. Chunks are parts of the bytes decoded: lent. */
export interface BodyConsumer {
  takeBody(chunk: Buffer, end: boolean): void;
  /** Ends the body. */
  takeTrailers(fields: readonly Field[]): void;
}

const NOTHING = Buffer.alloc(0);

/**
 * Decodes a chunked body (RFC 9112 section 7.1) that comes in pieces cut anywhere:
 *
 *     size ─► extension ─► sizeLf ─► data ─► dataCr ─► dataLf ─┐
 *      ▲ └──────────────────► │                                │
 *      └──────────────────────┼────────────────────────────────┘
 *                             └─(size 0)─► trailer ─► done
 */
const STATE = {
  size: 0,
  extension: 1,
  sizeLf: 2,
  data: 3,
  dataCr: 4,
  dataLf: 5,
  trailer: 6,
  done: 7,
} as const;
type State = (typeof STATE)[keyof typeof STATE];

export class ChunkedDecoder {
  #state: State = STATE.size;
  #digits = 0;
  /** The size being read, then the bytes of the chunk still to come. */
  #left = 0;
  #extensionBytes = 0;
  #trailer = '';

  get done(): boolean {
    return this.#state === STATE.done;
  }

  start(): void {
    this.#state = STATE.size;
    this.#digits = 0;
    this.#left = 0;
    this.#extensionBytes = 0;
    this.#trailer = '';
  }

  /** Decodes `bytes` from `at` on and returns where it stopped: at the end of them, or of the body. */
  decode(bytes: Buffer, from: number, consumer: BodyConsumer): number | Refusal {
    let at = from;
    while (at < bytes.length && this.#state !== STATE.done) {
      if (this.#state === STATE.data) at = this.#takeData(bytes, at, consumer);
      else if (this.#state === STATE.trailer) {
        const next = this.#takeTrailer(bytes, at, consumer);
        if (next instanceof Refusal) return next;
        at = next;
      } else {
        const refusal = this.#takeFraming(bytes[at] ?? 0);
        if (refusal !== undefined) return refusal;
        at++;
      }
    }
    return at;
  }

  #takeFraming(byte: number): Refusal | undefined {
    switch (this.#state) {
      case STATE.size:
        return this.#takeSize(byte);
      case STATE.extension:
        return this.#takeExtension(byte);
      case STATE.sizeLf:
        this.#state = this.#left === 0 ? STATE.trailer : STATE.data;
        this.#digits = 0;
        return byte === LF ? undefined : REFUSAL.chunk;
      case STATE.dataCr:
        this.#state = STATE.dataLf;
        return byte === CR ? undefined : REFUSAL.chunk;
      default:
        this.#state = STATE.size;
        return byte === LF ? undefined : REFUSAL.chunk;
    }
  }

  #takeSize(byte: number): Refusal | undefined {
    const digit = hexValue(byte);
    if (digit >= 0) {
      this.#left = this.#left * 16 + digit;
      return ++this.#digits > MAX_SIZE_DIGITS ? REFUSAL.chunk : undefined;
    }
    if (this.#digits === 0) return REFUSAL.chunk;
    if (byte === CR) this.#state = STATE.sizeLf;
    else if (byte === 0x3b) this.#state = STATE.extension;
    else return REFUSAL.chunk;
    return undefined;
  }

  #takeExtension(byte: number): Refusal | undefined {
    if (byte === CR) {
      this.#state = STATE.sizeLf;
      return undefined;
    }
    if ((byte < 0x20 && byte !== 0x09) || byte === 0x7f) return REFUSAL.chunk;
    return ++this.#extensionBytes > MAX_EXTENSION_BYTES ? REFUSAL.chunkExtensions : undefined;
  }

  #takeData(bytes: Buffer, at: number, consumer: BodyConsumer): number {
    const end = Math.min(at + this.#left, bytes.length);
    this.#left -= end - at;
    const data = at === 0 && end === bytes.length ? bytes : bytes.subarray(at, end);
    if (this.#left === 0) {
      // The usual end right behind the last chunk: the consumer learns both at once.
      if (isLastChunk(bytes, end)) {
        this.#state = STATE.done;
        consumer.takeBody(data, true);
        return end + 7;
      }
      this.#state = STATE.dataCr;
    }
    consumer.takeBody(data, false);
    return end;
  }

  #takeTrailer(bytes: Buffer, at: number, consumer: BodyConsumer): number | Refusal {
    const before = this.#trailer.length;
    const text = this.#trailer + bytes.latin1Slice(at, Math.min(bytes.length, at + MAX_TRAILER_BYTES + 4));
    const end = text.startsWith('\r\n') ? 0 : text.indexOf('\r\n\r\n', Math.max(0, before - 3));
    if (end < 0 || text.length < 2) {
      if (text.length > MAX_TRAILER_BYTES) return REFUSAL.trailersTooLong;
      this.#trailer = text;
      return bytes.length;
    }
    const stop = end === 0 ? 2 : end + 4;
    const fields = readTrailerLines(text.slice(0, stop - 2));
    if (fields instanceof Refusal) return fields;
    this.#state = STATE.done;
    this.#trailer = '';
    if (fields.length > 0) consumer.takeTrailers(fields);
    else consumer.takeBody(NOTHING, true);
    return at + stop - before;
  }
}

function hexValue(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const letter = byte | 32;
  return letter >= 97 && letter <= 102 ? letter - 87 : -1;
}

/** CRLF 0 CRLF CRLF */
function isLastChunk(bytes: Buffer, at: number): boolean {
  return (
    bytes.length >= at + 7 &&
    bytes[at] === CR &&
    bytes[at + 1] === LF &&
    bytes[at + 2] === 48 &&
    bytes[at + 3] === CR &&
    bytes[at + 4] === LF &&
    bytes[at + 5] === CR &&
    bytes[at + 6] === LF
  );
}
