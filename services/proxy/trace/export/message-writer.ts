/** Wire types of protobuf (protobuf.dev, Encoding, "Message Structure"). */
const WIRE = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/** Tags, lengths and numbers around a text; what a text itself takes comes to that. */
const SLACK_BYTES = 64;
/** UTF-8 has no more for a unit of UTF-16. */
const MAX_BYTES_PER_UNIT = 3;
const FIRST_BYTES = 8192;

/** The fields of KeyValue, and of AnyValue for a text, of OpenTelemetry. */
const KEY = 1;
const VALUE = 2;
const STRING_VALUE = 1;

/** Writes one protobuf message after the other, in a buffer that they share while they are made. */
export class MessageWriter {
  #bytes = Buffer.allocUnsafeSlow(FIRST_BYTES);
  #at = 0;

  begin(): void {
    this.#at = 0;
  }

  /** The message, in a buffer of its own. */
  finish(): Buffer {
    return Buffer.from(this.#bytes.subarray(0, this.#at));
  }

  #reserve(bytes: number): void {
    const needed = this.#at + bytes;
    if (needed <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(grown, 0, 0, this.#at);
    this.#bytes = grown;
  }

  #writeVarint(value: number): void {
    let rest = value;
    while (rest > 0x7f) {
      this.#bytes[this.#at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#bytes[this.#at++] = rest;
  }

  #writeTag(field: number, wire: number): void {
    this.#writeVarint((field << 3) | wire);
  }

  /** Bytes, given as hexadecimal digits. */
  writeHex(field: number, digits: string): void {
    this.#reserve(SLACK_BYTES + digits.length);
    this.#writeTag(field, WIRE.bytes);
    this.#writeVarint(digits.length / 2);
    this.#at += this.#bytes.write(digits, this.#at, 'hex');
  }

  writeText(field: number, text: string): void {
    this.#reserve(SLACK_BYTES + text.length * MAX_BYTES_PER_UNIT);
    this.#writeString(field, text, Buffer.byteLength(text));
  }

  #writeString(field: number, text: string, length: number): void {
    this.#writeTag(field, WIRE.bytes);
    this.#writeVarint(length);
    this.#at += this.#bytes.write(text, this.#at, 'utf8');
  }

  /** A KeyValue message whose value is a text. */
  writeKeyValue(field: number, key: string, value: string): void {
    this.#reserve(SLACK_BYTES + (key.length + value.length) * MAX_BYTES_PER_UNIT);
    const keyLength = Buffer.byteLength(key);
    const valueLength = Buffer.byteLength(value);
    // Each field number here takes one byte of tag.
    const anyLength = 1 + sizeOfVarint(valueLength) + valueLength;
    this.#writeTag(field, WIRE.bytes);
    this.#writeVarint(1 + sizeOfVarint(keyLength) + keyLength + 1 + sizeOfVarint(anyLength) + anyLength);
    this.#writeString(KEY, key, keyLength);
    this.#writeTag(VALUE, WIRE.bytes);
    this.#writeVarint(anyLength);
    this.#writeString(STRING_VALUE, value, valueLength);
  }

  writeEnum(field: number, value: number): void {
    this.#reserve(SLACK_BYTES);
    this.#writeTag(field, WIRE.varint);
    this.#writeVarint(value);
  }

  writeFixed64(field: number, value: bigint): void {
    this.#reserve(SLACK_BYTES);
    this.#writeTag(field, WIRE.fixed64);
    this.#at = this.#bytes.writeBigUInt64LE(value, this.#at);
  }

  writeFixed32(field: number, value: number): void {
    this.#reserve(SLACK_BYTES);
    this.#writeTag(field, WIRE.fixed32);
    this.#at = this.#bytes.writeUInt32LE(value, this.#at);
  }
}

function sizeOfVarint(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  return value < 0x200000 ? 3 : 4;
}
