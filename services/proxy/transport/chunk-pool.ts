/** Output of one turn is gathered in chunks of these two sizes; most sockets never need the large one. */
export const SMALL_CHUNK_BYTES = 4096;
export const LARGE_CHUNK_BYTES = 65_536;

const MAX_KEPT_SMALL = 256;
const MAX_KEPT_LARGE = 32;
const small: Buffer[] = [];
const large: Buffer[] = [];

/** A chunk of at least `bytes`: small, large, or made to measure. Its content is arbitrary. */
export function takeChunk(bytes: number): Buffer {
  if (bytes <= SMALL_CHUNK_BYTES) return small.pop() ?? Buffer.allocUnsafeSlow(SMALL_CHUNK_BYTES);
  if (bytes <= LARGE_CHUNK_BYTES) return large.pop() ?? Buffer.allocUnsafeSlow(LARGE_CHUNK_BYTES);
  return Buffer.allocUnsafeSlow(bytes);
}

/** Gives a chunk back that nobody reads any more. */
export function returnChunk(chunk: Buffer): void {
  if (chunk.length === SMALL_CHUNK_BYTES) {
    if (small.length < MAX_KEPT_SMALL) small.push(chunk);
  } else if (chunk.length === LARGE_CHUNK_BYTES && large.length < MAX_KEPT_LARGE) {
    large.push(chunk);
  }
}
