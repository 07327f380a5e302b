import { expect, test } from 'vitest';
import { seededRandom } from '#lib/base';
import { REQUESTS, RESPONSES, read, runChunkCase, runMessageCase } from './fuzz-cases.testing.ts';
import { type Comparison, runDifferentialCase } from './node-parser.testing.ts';

const CASES = 100_000;
const TIMEOUT_MS = 300_000;

test.each([
  ['requests', true, 42],
  ['responses', false, 43],
] as const)(
  '100,000 mutated %s never throw, and read the same whole and in pieces',
  (_, isRequest, seed) => {
    const random = seededRandom(seed);
    let refused = 0;
    for (let done = 0; done < CASES; done++) if (runMessageCase(isRequest, random)) refused++;
    // Were all mutations harmless, or none, this would prove little.
    expect(refused).toBeGreaterThan(CASES / 4);
    expect(refused).toBeLessThan(CASES * 0.95);
  },
  TIMEOUT_MS,
);

test(
  '100,000 chunked bodies decode to what is in them, however they are cut',
  () => {
    const random = seededRandom(44);
    let spoilt = 0;
    for (let done = 0; done < CASES; done++) if (runChunkCase(random)) spoilt++;
    expect(spoilt).toBeGreaterThan(CASES / 10);
    expect(spoilt).toBeLessThan(CASES / 2);
  },
  TIMEOUT_MS,
);

test.each([
  ['requests', true, 45],
  ['responses', false, 46],
] as const)(
  '100,000 mutated %s: what ours and Node’s parser both take they read alike',
  (_, isRequest, seed) => {
    const random = seededRandom(seed);
    const counts: Record<Comparison, number> = { alike: 0, 'refused by us': 0, 'refused by Node': 0 };
    for (let done = 0; done < CASES; done++) counts[runDifferentialCase(isRequest, random)]++;
    expect(counts.alike).toBeGreaterThan(CASES / 20);
    expect(counts['refused by Node']).toBeLessThan(CASES / 4);
  },
  TIMEOUT_MS,
);

test.each([
  [true, REQUESTS],
  [false, RESPONSES],
] as const)('messages read the same cut at every byte (requests: %s)', (isRequest, seeds) => {
  const bytes = Buffer.from(seeds.slice(0, 2).join(''), 'latin1');
  const whole = read(isRequest, [bytes]);
  expect(whole.messages.length).toBe(2);
  for (let cut = 1; cut < bytes.length; cut++) {
    expect(read(isRequest, [bytes.subarray(0, cut), bytes.subarray(cut)]).text).toBe(whole.text);
  }
  const one = [...bytes].map((byte) => Buffer.from([byte]));
  expect(read(isRequest, one).text).toBe(whole.text);
});
