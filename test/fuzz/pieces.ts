import { seededRandom } from '#lib/base';

const MOST_BYTES = 40;

/** The bytes in pieces, cut at places that are the same for the same bytes. */
export function cutRandomly(bytes: Buffer): Buffer[] {
  const random = seededRandom(bytes.reduce((sum, byte) => (Math.imul(sum, 31) + byte) >>> 0, 7));
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = Math.min(bytes.length, at + 1 + Math.floor(random() * MOST_BYTES));
    pieces.push(bytes.subarray(at, end));
    at = end;
  }
  return pieces;
}
