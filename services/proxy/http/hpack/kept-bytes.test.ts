import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { BlockMemory } from './block-memory.ts';
import { copyToKeep } from './kept-bytes.ts';

const BLOCKS = 64;
const MOST_BYTES = 1_000_000;

/** Bytes of all array buffers that are still held. */
function readHeldBytes(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  collect();
  return process.memoryUsage().arrayBuffers;
}

/** What other traffic does: it goes through more than one slab of small buffers. */
function useUpSlab(): void {
  for (let bytes = 0; bytes < Buffer.poolSize + 4000; bytes += 2000) Buffer.from('x'.repeat(2000));
}

it('copyToKeep() holds no more memory than the bytes', () => {
  const copy = copyToKeep(Buffer.from('some bytes'), 5, 10);
  expect(copy.toString()).toBe('bytes');
  expect(copy.buffer.byteLength).toBe(5);
});

it('a memory of blocks holds as much as the blocks, though they came one by one', () => {
  const memory = new BlockMemory<number>();
  const before = readHeldBytes();
  for (let at = 0; at < BLOCKS; at++) {
    const block = Buffer.from(`block ${at}`);
    const range = { start: 0, end: block.length };
    expect(memory.find(block, range, { generation: 0, variant: 0 })).toBeUndefined();
    memory.keep(block, range, { generation: 0, meaning: at });
    expect(memory.find(block, range, { generation: 0, variant: 0 })).toBe(at);
    useUpSlab();
  }
  expect(readHeldBytes() - before).toBeLessThan(MOST_BYTES);
});
