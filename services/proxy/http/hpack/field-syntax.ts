/**
 * What bytes may stand in a field of HTTP/2 (RFC 9113 section 8.2.1, 8.3.1). Checked once for a literal; what a
 * table holds has been checked when it was put there.
 */
const TOKEN = tableOf((byte) => /[!#$%&'*+.^_`|~0-9A-Za-z-]/.test(String.fromCharCode(byte)));
const NAME = tableOf((byte) => TOKEN[byte] === 1 && !(byte >= 65 && byte <= 90));
const VALUE = tableOf((byte) => byte === 9 || (byte >= 32 && byte !== 127));
const PATH = tableOf((byte) => byte > 32 && byte !== 127 && byte !== 35);
const AUTHORITY = tableOf((byte) => PATH[byte] === 1 && !'/?@\\'.includes(String.fromCharCode(byte)));
const SCHEME = tableOf((byte) => /[0-9A-Za-z+.-]/.test(String.fromCharCode(byte)));
const DIGIT = tableOf((byte) => byte >= 48 && byte <= 57);

const PSEUDO_VALUES: Readonly<Record<string, Uint8Array>> = {
  ':method': TOKEN,
  ':path': PATH,
  ':authority': AUTHORITY,
  ':scheme': SCHEME,
  ':status': DIGIT,
};

const COLON = 58;

function tableOf(test: (byte: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => (test(byte) ? 1 : 0));
}

/** Bytes of a message, from `start` up to `end`. */
export interface ByteRange {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

function consistsOf(table: Uint8Array, range: ByteRange): boolean {
  const { bytes, end } = range;
  for (let at = range.start; at < end; at++) if (table[bytes[at]!] === 0) return false;
  return true;
}

/** A lower-case token, or one of them after a colon. */
export function isFieldName({ bytes, start, end }: ByteRange): boolean {
  const from = bytes[start] === COLON ? start + 1 : start;
  return from < end && consistsOf(NAME, { bytes, start: from, end });
}

/** Field content without white space at the ends; of a pseudo-header field, what its part of a target may hold. */
export function isFieldValue(name: string, range: ByteRange): boolean {
  if (name.charCodeAt(0) === COLON) return consistsOf(PSEUDO_VALUES[name] ?? VALUE, range);
  const { bytes, start, end } = range;
  if (start === end) return true;
  return !isBlank(bytes[start]) && !isBlank(bytes[end - 1]) && consistsOf(VALUE, range);
}

function isBlank(byte: number | undefined): boolean {
  return byte === 32 || byte === 9;
}
