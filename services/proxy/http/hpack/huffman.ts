/** Code lengths in bits of the 256 bytes and EOS (RFC 7541 appendix B); the code is canonical, so they say it all. */
const LENGTHS = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28,
  28, 28, 28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7,
  8, 15, 6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19,
  13, 14, 6, 15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13,
  28, 20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21,
  22, 23, 22, 23, 23, 24, 22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23,
  22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23, 26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
  19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25,
  25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26, 30,
];
const MAX_LENGTH = 30;

/** Codes this long or shorter are found by one look-up; they are all of the letters and digits. */
const FAST_BITS = 8;

const CODE_LENGTH = Uint8Array.from(LENGTHS);
const CODE = new Uint32Array(257);
/** By the next 8 bits: symbol << 4 | code length, or 0 where the code is longer. */
const FAST = new Uint16Array(1 << FAST_BITS);
/** By code length: the first code of that length, how many there are, and where their symbols begin in SYMBOLS. */
const FIRST_CODE = new Uint32Array(MAX_LENGTH + 1);
const CODE_COUNT = new Uint32Array(MAX_LENGTH + 1);
const FIRST_SYMBOL = new Uint32Array(MAX_LENGTH + 1);
const SYMBOLS = new Uint16Array(257);

buildTables();

function buildTables(): void {
  let code = 0;
  let position = 0;
  for (let length = 1; length <= MAX_LENGTH; length++) {
    code *= 2;
    FIRST_CODE[length] = code;
    FIRST_SYMBOL[length] = position;
    for (let symbol = 0; symbol < 257; symbol++) {
      if (LENGTHS[symbol] !== length) continue;
      CODE[symbol] = code;
      SYMBOLS[position++] = symbol;
      if (length <= FAST_BITS) fillFast(symbol, { code, length });
      code++;
    }
    CODE_COUNT[length] = code - FIRST_CODE[length]!;
  }
}

function fillFast(symbol: number, { code, length }: { code: number; length: number }): void {
  const free = FAST_BITS - length;
  for (let low = 0; low < 1 << free; low++) FAST[(code << free) | low] = (symbol << 4) | length;
}

const EOS = 256;

/**
 * Decodes `source[start, end)` into `target` from 0; the target must hold 8/5 of the source. Returns the number of
 * bytes, or -1 where the code is not valid: EOS inside, padding of 8 bits or more or not of ones (section 5.2).
 */
export function decodeHuffman(
  source: Uint8Array,
  range: { start: number; end: number },
  target: Uint8Array,
): number {
  const end = range.end;
  let at = range.start;
  let written = 0;
  let bits = 0;
  let held = 0;
  for (;;) {
    while (held < FAST_BITS && at < end) {
      bits = ((bits << 8) | source[at++]!) & 0xffff;
      held += 8;
    }
    if (held < FAST_BITS) break;
    const entry = FAST[(bits >>> (held - FAST_BITS)) & 0xff]!;
    if (entry !== 0) {
      target[written++] = entry >>> 4;
      held -= entry & 15;
      continue;
    }
    const slow = decodeLong(source, { at, end, bits, held });
    if (slow < 0) return -1;
    target[written++] = slow;
    at = long.at;
    bits = long.bits;
    held = long.held;
  }
  return decodeTail(bits, { held, written }, target);
}

/** Where the bit reader stands after `decodeLong`. */
const long = { at: 0, bits: 0, held: 0 };

/** Reads one code of more than 8 bits, bit by bit: rare bytes only. -1 for EOS, and where the bits end before it. */
function decodeLong(
  source: Uint8Array,
  from: { readonly at: number; readonly end: number; readonly bits: number; readonly held: number },
): number {
  let { at, bits, held } = from;
  let code = 0;
  for (let length = 1; length <= MAX_LENGTH; length++) {
    if (held === 0) {
      if (at >= from.end) return -1;
      bits = source[at++]!;
      held = 8;
    }
    held--;
    code = code * 2 + ((bits >>> held) & 1);
    const offset = code - FIRST_CODE[length]!;
    if (offset >= 0 && offset < CODE_COUNT[length]!) {
      const symbol = SYMBOLS[FIRST_SYMBOL[length]! + offset]!;
      if (symbol === EOS) return -1;
      long.at = at;
      long.bits = bits;
      long.held = held;
      return symbol;
    }
  }
  return -1;
}

/** Fewer than 8 bits are left: perhaps one more symbol of 5 to 7 bits, then padding. */
function decodeTail(
  bits: number,
  { held, written }: { held: number; written: number },
  target: Uint8Array,
): number {
  let count = written;
  let left = held;
  while (left >= 5) {
    const entry = FAST[(bits << (FAST_BITS - left)) & 0xff]!;
    const length = entry & 15;
    if (entry === 0 || length > left) break;
    target[count++] = entry >>> 4;
    left -= length;
  }
  return isPadding(bits, left) ? count : -1;
}

function isPadding(bits: number, held: number): boolean {
  const mask = (1 << held) - 1;
  return held < 8 && (bits & mask) === mask;
}

/** Bytes that the Latin-1 text takes when encoded. */
export function huffmanLength(text: string): number {
  let bits = 0;
  for (let i = 0; i < text.length; i++) bits += CODE_LENGTH[text.charCodeAt(i) & 0xff]!;
  return (bits + 7) >>> 3;
}

/** Writes the encoded text at `at`; returns the position after it. */
export function encodeHuffman(text: string, target: Uint8Array, at: number): number {
  let position = at;
  let bits = 0;
  let held = 0;
  for (let i = 0; i < text.length; i++) {
    const symbol = text.charCodeAt(i) & 0xff;
    let code = CODE[symbol]!;
    let length = CODE_LENGTH[symbol]!;
    if (length > 24) {
      // The high part first: 7 bits held and 30 more don't fit in 32.
      length -= 16;
      bits = (bits << length) | (code >>> 16);
      held += length;
      while (held >= 8) {
        held -= 8;
        target[position++] = (bits >>> held) & 0xff;
      }
      code &= 0xffff;
      length = 16;
    }
    bits = (bits << length) | code;
    held += length;
    while (held >= 8) {
      held -= 8;
      target[position++] = (bits >>> held) & 0xff;
    }
  }
  if (held > 0) target[position++] = ((bits << (8 - held)) | (0xff >>> held)) & 0xff;
  return position;
}
