import { equalBytes, hashBytes } from './byte-hash.ts';
import { isFieldName } from './field-syntax.ts';
import { decodeHuffman } from './huffman.ts';
import { copyToKeep } from './kept-bytes.ts';

const SLOTS = 256;
const LONGEST_KEPT_BYTES = 64;

/** A field name as a block carries it. */
export interface EncodedName {
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
  readonly huffman: boolean;
}

interface KnownName {
  readonly encoded: Buffer;
  readonly huffman: boolean;
  readonly name: string;
  readonly valid: boolean;
}

const known: (KnownName | undefined)[] = new Array(SLOTS).fill(undefined);
const scratch = Buffer.allocUnsafeSlow(65_536);

/** The last name looked up: its text (undefined where the Huffman code is broken), and whether it is allowed. */
export const lastName = { name: '' as string | undefined, valid: false };

/**
 * Decodes a literal name into `lastName`. The few names that literals bring again and again are remembered for the
 * whole process, so that a name costs no new string. Direct-mapped: bounded by its slots.
 */
export function lookUpName(encoded: EncodedName): void {
  const { bytes, start, end, huffman } = encoded;
  const slot = hashBytes(bytes, start, end) & (SLOTS - 1);
  const entry = known[slot];
  if (entry !== undefined && entry.huffman === huffman && entry.encoded.length === end - start) {
    if (equalBytes(entry.encoded, bytes, start)) {
      lastName.name = entry.name;
      lastName.valid = entry.valid;
      return;
    }
  }
  decodeName(encoded);
  if (lastName.name === undefined || end - start > LONGEST_KEPT_BYTES) return;
  known[slot] = {
    encoded: copyToKeep(bytes, start, end),
    huffman,
    name: lastName.name,
    valid: lastName.valid,
  };
}

function decodeName({ bytes, start, end, huffman }: EncodedName): void {
  if (!huffman) {
    lastName.valid = isFieldName({ bytes, start, end });
    lastName.name = bytes.latin1Slice(start, end);
    return;
  }
  const length = (end - start) * 8 > scratch.length * 5 ? -1 : decodeHuffman(bytes, { start, end }, scratch);
  lastName.valid = length >= 0 && isFieldName({ bytes: scratch, start: 0, end: length });
  lastName.name = length >= 0 ? scratch.latin1Slice(0, length) : undefined;
}
