/** A hash of some bytes for a direct-mapped memory; whoever finds a match compares the bytes too. */
export function hashBytes(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5 ^ (end - start);
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193);
  return hash ^ (hash >>> 15);
}

export function equalBytes(kept: Uint8Array, bytes: Uint8Array, start: number): boolean {
  for (let i = 0; i < kept.length; i++) if (kept[i] !== bytes[start + i]) return false;
  return true;
}
