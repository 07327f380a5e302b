import { FIELD_KIND, type Field } from '../field.ts';
import { DEFAULT_TABLE_BYTES, entryBytes } from './decoder-table.ts';
import { EncoderTable } from './encoder-table.ts';
import { encodeHuffman, huffmanLength } from './huffman.ts';
import { STATIC_NAMES, type StaticName } from './static-table.ts';

/** What a field takes at most beyond its text: one byte and two lengths or indices of up to 4 bytes. */
const FIELD_OVERHEAD_BYTES = 12;
/** Room for two size updates at the beginning. */
const BLOCK_OVERHEAD_BYTES = 16;
/** Below this a copy in JavaScript is faster than a call into Node. */
const SHORT_TEXT = 24;
/** A cookie as short as this could be guessed (RFC 7541 section 7.1.3). */
const GUESSABLE_COOKIE = 20;
/**
 * Heads between two insertions that evict: with more fields in use than the table holds, each insertion spoils
 * every block remembered, so the table changes slowly.
 */
const HEADS_BETWEEN_EVICTIONS = 32;

/** Fields of one hop, and Host, never go into HTTP/2 (RFC 9113 sections 8.2.2, 8.3.1). */
const LEFT_OUT =
  (1 << FIELD_KIND.pseudo) |
  (1 << FIELD_KIND.host) |
  (1 << FIELD_KIND.transferEncoding) |
  (1 << FIELD_KIND.hop) |
  (1 << FIELD_KIND.upgrade);

const UNKNOWN_NAME: StaticName = { index: 0, values: new Map() };

/** The most bytes that fields can take; names and values are never longer encoded than raw. */
export function boundOfFields(fields: readonly Field[]): number {
  let bytes = BLOCK_OVERHEAD_BYTES;
  for (const field of fields) bytes += field.name.length + field.value.length + FIELD_OVERHEAD_BYTES;
  return bytes;
}

/**
 * Encodes header blocks of one direction of a connection (RFC 7541), straight into the caller's buffer:
 *
 *     encoder.begin(out, at);  encoder.writeStatic(8);  encoder.writeFields(fields);  … encoder.at
 *
 * A field that has been seen before is indexed; one seen the first time is written without indexing and without
 * Huffman, so that a unique id costs both sides the least. Its name is indexed once, though, with that value.
 */
export class HpackEncoder {
  /** Where the next byte goes. */
  at = 0;
  /** Blocks written so far; whoever writes a kept one counts it here. */
  heads = 0;
  /** Whether `writeFields` met a `date`. */
  sawDate = false;
  readonly #table: EncoderTable;
  readonly #limitBytes: number;
  #out: Buffer = Buffer.alloc(0);
  #lastEviction = -HEADS_BETWEEN_EVICTIONS;
  /** The smallest size the peer has asked for since the last block, or -1: to be told first (section 4.2). */
  #smallestSize = -1;

  /** `maxTableBytes` bounds what the peer may ask for. */
  constructor(maxTableBytes = DEFAULT_TABLE_BYTES) {
    this.#limitBytes = maxTableBytes;
    this.#table = new EncoderTable(Math.min(maxTableBytes, DEFAULT_TABLE_BYTES));
  }

  /** Changes whenever a block written before would mean something else now. */
  get generation(): number {
    return this.#table.generation;
  }

  /** The peer's SETTINGS_HEADER_TABLE_SIZE. */
  setPeerTableBytes(bytes: number): void {
    const next = Math.min(bytes, this.#limitBytes);
    if (next === this.#table.maxBytes && this.#smallestSize < 0) return;
    this.#smallestSize = this.#smallestSize < 0 ? next : Math.min(this.#smallestSize, next);
    this.#table.resize(next);
  }

  /** Begins a block at `at`; `out` has room for what the bound says. */
  begin(out: Buffer, at: number): void {
    this.#out = out;
    this.at = at;
    this.sawDate = false;
    this.heads++;
    if (this.#smallestSize >= 0) this.#writeSizeUpdates();
  }

  #writeSizeUpdates(): void {
    const size = this.#table.maxBytes;
    if (this.#smallestSize < size) this.#writeInteger(0x20, 0x1f, this.#smallestSize);
    this.#writeInteger(0x20, 0x1f, size);
    this.#smallestSize = -1;
    // A block with an update in it is not one to write again.
    this.#table.generation++;
  }

  /** An entry of the static table, below 62. */
  writeStatic(index: number): void {
    this.#out[this.at++] = 0x80 | index;
  }

  /** Regular fields, without those that HTTP/2 may not carry. */
  writeFields(fields: readonly Field[]): void {
    for (const field of fields) {
      if (((1 << field.kind) & LEFT_OUT) !== 0) continue;
      if (field.kind === FIELD_KIND.date) this.sawDate = true;
      this.writeField(field);
    }
  }

  /** One field, also a pseudo-header field. */
  writeField(field: Field): void {
    const index = this.#table.indexOf(field);
    if (index > 0) this.#writeInteger(0x80, 0x7f, index);
    else this.#writeLiteral(field);
  }

  #writeLiteral(field: Field): void {
    const known = STATIC_NAMES.get(field.name) ?? UNKNOWN_NAME;
    const whole = known.values.get(field.value);
    const sensitive = isSensitive(field);
    if (whole !== undefined && !sensitive) {
      this.#writeInteger(0x80, 0x7f, whole);
      return;
    }
    const nameIndex = known.index || this.#table.indexOfName(field.name);
    const indexing = !sensitive && this.#isWorthIndexing(field, nameIndex);
    if (field.sightings === 0) field.sightings = 1;
    if (indexing) this.#writeInteger(0x40, 0x3f, nameIndex);
    else this.#writeInteger(sensitive ? 0x10 : 0x00, 0x0f, nameIndex);
    if (nameIndex === 0) this.#writeText(field.name, indexing);
    this.#writeText(field.value, indexing);
    if (indexing) this.#table.insert(field);
  }

  #isWorthIndexing(field: Field, nameIndex: number): boolean {
    if (field.sightings === 0 && nameIndex > 0) return false;
    if (entryBytes(field) * 2 > this.#table.maxBytes) return false;
    if (this.#table.hasRoomFor(field)) return true;
    if (this.heads - this.#lastEviction < HEADS_BETWEEN_EVICTIONS) return false;
    this.#lastEviction = this.heads;
    return true;
  }

  /** Compressed where the table keeps it: those bytes are spent once. */
  #writeText(text: string, compressed: boolean): void {
    const length = text.length;
    if (compressed) {
      const short = huffmanLength(text);
      if (short < length) {
        this.#writeInteger(0x80, 0x7f, short);
        this.at = encodeHuffman(text, this.#out, this.at);
        return;
      }
    }
    this.#writeInteger(0, 0x7f, length);
    if (length > SHORT_TEXT) {
      this.at += this.#out.latin1Write(text, this.at, length);
      return;
    }
    const out = this.#out;
    let at = this.at;
    for (let i = 0; i < length; i++) out[at++] = text.charCodeAt(i);
    this.at = at;
  }

  #writeInteger(flags: number, prefixMask: number, value: number): void {
    const out = this.#out;
    if (value < prefixMask) {
      out[this.at++] = flags | value;
      return;
    }
    out[this.at++] = flags | prefixMask;
    let rest = value - prefixMask;
    for (; rest >= 0x80; rest >>>= 7) out[this.at++] = 0x80 | (rest & 0x7f);
    out[this.at++] = rest;
  }
}

/** What no table may hold (RFC 7541 section 7.1.3): credentials, and cookies short enough to guess. */
function isSensitive(field: Field): boolean {
  if (field.sensitive) return true;
  if (field.kind === FIELD_KIND.cookie) return field.value.length < GUESSABLE_COOKIE;
  return field.name === 'authorization' || field.name === 'proxy-authorization';
}
