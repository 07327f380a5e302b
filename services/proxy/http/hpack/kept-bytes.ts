/**
 * A copy in memory of its own, for bytes that are kept. `Buffer.from` cuts small copies out of a slab of 64 KiB that all
 * of them share: one that is kept holds the whole slab, and those kept at different times hold one each.
 */
export function copyToKeep(bytes: Buffer, start: number, end: number): Buffer {
  const kept = Buffer.allocUnsafeSlow(end - start);
  bytes.copy(kept, 0, start, end);
  return kept;
}
