import { equalBytes, hashBytes } from './byte-hash.ts';
import { copyToKeep } from './kept-bytes.ts';

const SLOTS = 64;
/** A longer block holds literals that hardly come again. */
const LONGEST_BYTES = 96;

interface KeptBlock<T> {
  readonly hash: number;
  readonly generation: number;
  readonly bytes: Buffer;
  readonly meaning: T;
}

/**
 * Remembers what header blocks mean while the dynamic table stays as it is. A block is worth its place when it
 * comes the second time; direct-mapped, so that 64 blocks of 96 bytes are the bound.
 *
 *     find(…) → undefined;  if (cameBefore) keep(build())
 */
export class BlockMemory<T> {
  /** Whether the block that `find` did not know has been seen before: then `keep` it. */
  cameBefore = false;
  readonly #seen = new Int32Array(SLOTS);
  readonly #kept: (KeptBlock<T> | undefined)[] = new Array(SLOTS).fill(undefined);
  #hash = 0;
  #generation = 0;

  /** `variant` (0 or 1) tells apart equal blocks that mean something else, by the END_STREAM flag say. */
  find(
    block: Buffer,
    range: { start: number; end: number },
    key: { generation: number; variant: number },
  ): T | undefined {
    const { start, end } = range;
    this.cameBefore = false;
    if (end - start > LONGEST_BYTES) return undefined;
    const hash = hashBytes(block, start, end) ^ key.variant;
    const slot = hash & (SLOTS - 1);
    const kept = this.#kept[slot];
    if (kept !== undefined && kept.hash === hash && kept.generation === key.generation) {
      if (kept.bytes.length === end - start && equalBytes(kept.bytes, block, start)) return kept.meaning;
    }
    this.cameBefore = this.#seen[slot] === hash;
    this.#seen[slot] = hash;
    this.#hash = hash;
    this.#generation = key.generation;
    return undefined;
  }

  /** Keeps the block that `find` was last asked for, unless the table has changed meanwhile. */
  keep(block: Buffer, range: { start: number; end: number }, kept: { generation: number; meaning: T }): void {
    if (kept.generation !== this.#generation) return;
    this.#kept[this.#hash & (SLOTS - 1)] = {
      hash: this.#hash,
      generation: kept.generation,
      bytes: copyToKeep(block, range.start, range.end),
      meaning: kept.meaning,
    };
  }
}
