import { seededRandom } from '#lib/base';
import { DECODED, HpackDecoder } from '../../../services/proxy/http/hpack/decoder.ts';
import {
  BlockGenerator,
  DecoderFuzz,
  mutateBlock,
} from '../../../services/proxy/http/hpack/fuzz-cases.testing.ts';
import { createSeededTarget, type Target } from '../target.ts';

const BLOCKS = 8;
const MAX_LIST_BYTES = 3000;
const LENGTH_BYTES = 2;

/** Some blocks for one decoder, each behind its length; any bytes can be read as that. */
function* readBlocks(input: Buffer): Generator<Buffer> {
  for (let at = 0; at + LENGTH_BYTES <= input.length; ) {
    const start = at + LENGTH_BYTES;
    at = Math.min(input.length, start + input.readUInt16BE(at));
    yield input.subarray(start, at);
  }
}

function frameBlock(block: Buffer): Buffer {
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt16BE(block.length);
  return Buffer.concat([length, block]);
}

const BLOCK_SERIES: Target = {
  name: 'hpack',
  isShrinkable: true,
  generate(random) {
    const generator = new BlockGenerator(random);
    const blocks = Array.from({ length: BLOCKS }, () => {
      const block = generator.next();
      return frameBlock(random() < 0.3 ? mutateBlock(block, random) : block);
    });
    return Buffer.concat(blocks);
  },
  check(input) {
    const decoder = new HpackDecoder({ maxListBytes: MAX_LIST_BYTES });
    for (const block of readBlocks(input)) {
      const outcome = decoder.decode(block, 0, block.length);
      if (outcome === DECODED.broken) return;
      if (decoder.count > decoder.fields.length) throw new Error('more fields than there are');
      const bytes = decoder.fields
        .slice(0, decoder.count)
        .reduce((sum, { name, value }) => sum + name.length + value.length, 0);
      if (outcome === DECODED.ok && bytes > MAX_LIST_BYTES) throw new Error(`${bytes} bytes of fields`);
    }
  },
};

/** As the unit suite has it: what was not mutated must decode. */
function runSeries(random: () => number): void {
  const fuzz = new DecoderFuzz(random);
  for (let done = 0; done < BLOCKS; done++) fuzz.runCase();
}

export const HPACK: readonly Target[] = [
  BLOCK_SERIES,
  createSeededTarget('hpack-whole', runSeries, seededRandom),
];
