import { Field } from '../field.ts';
import { DEFAULT_TABLE_BYTES, DecoderTable, entryBytes, internField } from './decoder-table.ts';
import { isFieldValue } from './field-syntax.ts';
import { decodeHuffman } from './huffman.ts';
import { lastName, lookUpName } from './name-memory.ts';

/** What became of a block. Only `broken` breaks the connection: after the others the table is in step. */
export const DECODED = {
  ok: 0,
  /** A field that no message may have (RFC 9113 section 8.2.1). */
  malformed: 1,
  /** More than the header list may be; `fields` is not whole. */
  tooLarge: 2,
  /** Not HPACK: a COMPRESSION_ERROR of the connection. */
  broken: 3,
} as const;
export type Decoded = (typeof DECODED)[keyof typeof DECODED];

export interface HpackDecoderOptions {
  /** As SETTINGS_HEADER_TABLE_SIZE said to the peer. Defaults to 4096. */
  readonly maxTableBytes?: number;
  /** As SETTINGS_MAX_HEADER_LIST_SIZE said to the peer. Defaults to 16,384. */
  readonly maxListBytes?: number;
}

/** An integer that is cut short or does not fit; every index and length is far below it. */
const BAD_INTEGER = -1;
const scratch = Buffer.allocUnsafeSlow(65_536);

/**
 * Decodes header blocks of one direction of a connection (RFC 7541). Fields out of a table are shared objects;
 * what a table holds was checked once, when it came.
 */
export class HpackDecoder {
  /** The fields of the last block, up to `count`; overwritten by the next. */
  readonly fields: Field[] = [];
  count = 0;
  readonly #table: DecoderTable;
  readonly #maxListBytes: number;
  #block: Buffer = scratch;
  #at = 0;
  #end = 0;
  #listBytes = 0;
  #wellFormed = true;

  constructor(options: HpackDecoderOptions = {}) {
    this.#table = new DecoderTable(options.maxTableBytes ?? DEFAULT_TABLE_BYTES);
    this.#maxListBytes = options.maxListBytes ?? 16_384;
  }

  /** Changes whenever the same block may mean something else than before. */
  get generation(): number {
    return this.#table.generation;
  }

  decode(block: Buffer, start: number, end: number): Decoded {
    this.#block = block;
    this.#at = start;
    this.#end = end;
    this.#listBytes = 0;
    this.#wellFormed = true;
    this.count = 0;
    const whole = this.#readSizeUpdates() && this.#readFields();
    this.#block = scratch;
    if (!whole) return DECODED.broken;
    if (this.#listBytes > this.#maxListBytes) return DECODED.tooLarge;
    return this.#wellFormed ? DECODED.ok : DECODED.malformed;
  }

  #readSizeUpdates(): boolean {
    while (this.#at < this.#end && (this.#block[this.#at]! & 0xe0) === 0x20) {
      const size = this.#readInteger(0x1f);
      if (size === BAD_INTEGER || !this.#table.resize(size)) return false;
    }
    return true;
  }

  #readFields(): boolean {
    while (this.#at < this.#end) {
      const first = this.#block[this.#at]!;
      const done = first >= 0x80 ? this.#readIndexed(first) : this.#readLiteral(first);
      if (!done) return false;
    }
    return true;
  }

  #readIndexed(first: number): boolean {
    let index = first & 0x7f;
    if (index === 0x7f) index = this.#readInteger(0x7f);
    else this.#at++;
    const field = this.#table.at(index);
    if (field === undefined) return false;
    if (field.sightings === 0) field.sightings = 1;
    if (this.#table.isMalformed(field)) this.#wellFormed = false;
    this.#add(field);
    return true;
  }

  #readLiteral(first: number): boolean {
    const indexing = first >= 0x40;
    // A size update may only come first (RFC 7541 section 4.2).
    if (!indexing && first >= 0x20) return false;
    const nameIndex = this.#readInteger(indexing ? 0x3f : 0x0f);
    const name = this.#readName(nameIndex);
    if (name === undefined) return false;
    const validName = nameIndex === 0 ? lastName.valid : this.#table.hasValidName(nameIndex);
    const value = this.#readValue(name);
    if (value === undefined) return false;
    const valid = this.#validValue && validName;
    if (!valid) this.#wellFormed = false;
    let field = new Field(name, value);
    if (indexing) {
      if (valid) field = internField(field);
      this.#table.insert(field, valid);
    } else if (first >= 0x10) {
      field.sensitive = true;
    }
    this.#add(field);
    return true;
  }

  #readName(index: number): string | undefined {
    if (index > 0) return this.#table.at(index)?.name;
    if (index === BAD_INTEGER || this.#at >= this.#end) return undefined;
    const huffman = this.#block[this.#at]! >= 0x80;
    const length = this.#readInteger(0x7f);
    const start = this.#at;
    if (length === BAD_INTEGER || length > this.#end - start) return undefined;
    this.#at = start + length;
    lookUpName({ bytes: this.#block, start, end: start + length, huffman });
    return lastName.name;
  }

  #validValue = true;

  #readValue(name: string): string | undefined {
    if (this.#at >= this.#end) return undefined;
    const block = this.#block;
    const huffman = block[this.#at]! >= 0x80;
    const length = this.#readInteger(0x7f);
    const start = this.#at;
    if (length === BAD_INTEGER || length > this.#end - start) return undefined;
    const end = start + length;
    this.#at = end;
    if (!huffman) {
      this.#validValue = isFieldValue(name, { bytes: block, start, end });
      return block.latin1Slice(start, end);
    }
    const target = length * 8 > scratch.length * 5 ? Buffer.allocUnsafe(length * 2) : scratch;
    const decoded = decodeHuffman(block, { start, end }, target);
    if (decoded < 0) return undefined;
    this.#validValue = isFieldValue(name, { bytes: target, start: 0, end: decoded });
    return target.latin1Slice(0, decoded);
  }

  #add(field: Field): void {
    this.#listBytes += entryBytes(field);
    if (this.#listBytes <= this.#maxListBytes) this.fields[this.count++] = field;
  }

  /** Reads an integer behind a prefix (RFC 7541 section 5.1); more than three further bytes are refused. */
  #readInteger(prefixMask: number): number {
    const block = this.#block;
    const value = block[this.#at++]! & prefixMask;
    if (value < prefixMask) return value;
    let sum = value;
    for (let shift = 0; shift <= 14; shift += 7) {
      if (this.#at >= this.#end) return BAD_INTEGER;
      const byte = block[this.#at++]!;
      sum += (byte & 0x7f) << shift;
      if (byte < 0x80) return sum;
    }
    return BAD_INTEGER;
  }
}
