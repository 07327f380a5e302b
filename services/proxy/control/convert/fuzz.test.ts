import { expect, it } from 'vitest';
import { seededRandom } from '#lib/base';
import { mutateBlock } from '../../http/hpack/fuzz-cases.testing.ts';
import { checkMessage, generateMessage, MESSAGE_KINDS, type MessageOutcome } from './fuzz-cases.testing.ts';

const CASES = 100_000 / MESSAGE_KINDS.length;
const TIMEOUT_MS = 180_000;

it.each(MESSAGE_KINDS)(
  '25,000 messages $name, half of them mutated, are converted or refused in the words for it',
  (kind) => {
    const random = seededRandom(31);
    const counts: Record<MessageOutcome, number> = { converted: 0, invalid: 0, unreadable: 0 };
    for (let done = 0; done < CASES; done++) {
      const bytes = generateMessage(kind.desc, random);
      counts[checkMessage(kind, done % 2 === 0 ? bytes : mutateBlock(bytes, random))]++;
    }
    // Were none of them usable, or all, this would prove little.
    expect(counts.converted).toBeGreaterThan(CASES / 100);
    expect(counts.unreadable).toBeGreaterThan(CASES / 20);
  },
  TIMEOUT_MS,
);
