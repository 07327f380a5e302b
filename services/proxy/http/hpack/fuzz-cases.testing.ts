/**
 * Generated header blocks. Each case comes from a seeded source and nothing else, so that its seed is its name: the
 * unit suite runs a fixed number, and whoever likes runs them without end.
 */
import type { Random } from '#lib/base';
import { DECODED, type Decoded, HpackDecoder } from './decoder.ts';
import { encodeHuffman, huffmanLength } from './huffman.ts';

const NAMES = ['x-a', 'x-b', 'x-tenant', 'x-request-id', 'x-long-name-of-a-field', 'accept', 'user-agent'];
/** Of the static table: names that a request may bear, with any value. */
const STATIC_NAMES = [16, 17, 19, 33, 39, 43, 50, 51, 58];
const DYNAMIC = 62;
const TABLE_BYTES = 4096;
/** Small enough for some blocks to be above it. */
const MAX_LIST_BYTES = 3000;

/** A whole number below `count`. */
function pick(random: Random, count: number): number {
  return Math.floor(random() * count);
}

function encodeInteger(flags: number, mask: number, value: number): number[] {
  if (value < mask) return [flags | value];
  const bytes = [flags | mask];
  let rest = value - mask;
  for (; rest >= 128; rest >>>= 7) bytes.push(128 | (rest & 127));
  return [...bytes, rest];
}

function encodeString(text: string, huffman: boolean): Buffer {
  const length = huffman ? huffmanLength(text) : text.length;
  const bytes = Buffer.alloc(length);
  if (huffman) encodeHuffman(text, bytes, 0);
  else bytes.latin1Write(text);
  return Buffer.concat([Buffer.from(encodeInteger(huffman ? 128 : 0, 127, length)), bytes]);
}

function generateValue(random: Random): string {
  const length = pick(random, 8) === 0 ? pick(random, 600) : pick(random, 24);
  return Array.from({ length }, () => String.fromCharCode(33 + pick(random, 94))).join('');
}

/** Writes blocks that are HPACK, and keeps count of what they put into the table. */
export class BlockGenerator {
  readonly #random: Random;
  /** Sizes of the entries, youngest first. */
  readonly #entries: number[] = [];
  #maxBytes = TABLE_BYTES;

  constructor(random: Random) {
    this.#random = random;
  }

  /** `most` fields at most, behind a size update now and then. */
  next(most = 12): Buffer {
    const parts: Buffer[] = [];
    if (pick(this.#random, 20) === 0) parts.push(this.#resize());
    for (let left = pick(this.#random, most + 1); left > 0; left--) parts.push(this.#field());
    return Buffer.concat(parts);
  }

  #resize(): Buffer {
    this.#maxBytes = pick(this.#random, TABLE_BYTES + 1);
    this.#evict(0);
    return Buffer.from(encodeInteger(0x20, 0x1f, this.#maxBytes));
  }

  #evict(more: number): void {
    let bytes = this.#entries.reduce((sum, size) => sum + size, more);
    while (this.#entries.length > 0 && bytes > this.#maxBytes) bytes -= this.#entries.pop() ?? 0;
  }

  #field(): Buffer {
    const random = this.#random;
    if (this.#entries.length > 0 && pick(random, 2) === 0) {
      return Buffer.from(encodeInteger(0x80, 0x7f, DYNAMIC + pick(random, this.#entries.length)));
    }
    const [flags, mask] = [[0x40, 0x3f] as const, [0x00, 0x0f] as const, [0x10, 0x0f] as const][
      pick(random, 3)
    ] ?? [0, 0x0f];
    const value = generateValue(random);
    const name = pick(random, 2) === 0 ? undefined : (NAMES[pick(random, NAMES.length)] ?? 'x-a');
    const index = name === undefined ? (STATIC_NAMES[pick(random, STATIC_NAMES.length)] ?? 58) : 0;
    const parts: Buffer[] = [Buffer.from(encodeInteger(flags, mask, index))];
    if (name !== undefined) parts.push(encodeString(name, pick(random, 2) === 0));
    parts.push(encodeString(value, pick(random, 2) === 0));
    if (flags === 0x40) this.#insert((name?.length ?? STATIC_LENGTHS[index] ?? 0) + value.length + 32);
    return Buffer.concat(parts);
  }

  #insert(bytes: number): void {
    this.#evict(bytes);
    if (bytes <= this.#maxBytes) this.#entries.unshift(bytes);
  }
}

/** The lengths of the names above. */
const STATIC_LENGTHS: Readonly<Record<number, number>> = {
  16: 'accept-encoding'.length,
  17: 'accept-language'.length,
  19: 'accept'.length,
  33: 'date'.length,
  39: 'if-match'.length,
  43: 'if-unmodified-since'.length,
  50: 'range'.length,
  51: 'referer'.length,
  58: 'user-agent'.length,
};

/** Changes, drops, doubles or adds a few bytes. */
export function mutateBlock(block: Buffer, random: Random): Buffer {
  let bytes = Buffer.from(block);
  for (let change = pick(random, 3); change >= 0; change--) {
    const at = pick(random, bytes.length + 1);
    const byte = Buffer.from([pick(random, 256)]);
    const [before, behind] = [bytes.subarray(0, at), bytes.subarray(at)];
    const kinds = [
      [before, byte, behind],
      [before, byte, behind.subarray(1)],
      [before, behind.subarray(pick(random, 4))],
      [before, behind.subarray(0, pick(random, 8)), behind],
    ];
    bytes = Buffer.concat(kinds[pick(random, kinds.length)] ?? [before]);
  }
  return bytes;
}

/** Decodes one block more, half of them mutated; throws where the decoder breaks its word. */
export class DecoderFuzz {
  readonly #random: Random;
  #generator: BlockGenerator;
  #decoder = new HpackDecoder({ maxListBytes: MAX_LIST_BYTES });
  #inStep = true;

  constructor(random: Random) {
    this.#random = random;
    this.#generator = new BlockGenerator(random);
  }

  runCase(): Decoded {
    const whole = this.#generator.next();
    const isMutated = pick(this.#random, 2) === 0;
    const block = isMutated ? mutateBlock(whole, this.#random) : whole;
    if (isMutated) this.#inStep = false;
    const outcome = this.#decoder.decode(block, 0, block.length);
    if (this.#inStep && outcome !== DECODED.ok && outcome !== DECODED.tooLarge) {
      throw new Error(`outcome ${outcome} of ${block.toString('hex')}, which is HPACK`);
    }
    if (this.#decoder.count > this.#decoder.fields.length) throw new Error('more fields than there are');
    if (outcome === DECODED.broken || pick(this.#random, 50) === 0) this.#startAnew();
    return outcome;
  }

  #startAnew(): void {
    this.#generator = new BlockGenerator(this.#random);
    this.#decoder = new HpackDecoder({ maxListBytes: MAX_LIST_BYTES });
    this.#inStep = true;
  }
}
