import { expect, it } from 'vitest';
import { seededRandom } from '#lib/base';
import { runClientCase, runServerCase } from './fuzz-cases.testing.ts';

const CASES = 50_000;
const TIMEOUT_MS = 120_000;

it(
  'H2ServerConnection never throws over 50,000 mutated conversations, and closes what it refuses',
  () => {
    const random = seededRandom(42);
    let refused = 0;
    for (let done = 0; done < CASES; done++) if (runServerCase(random)) refused++;
    expect(refused).toBeGreaterThan(CASES / 4);
    expect(refused).toBeLessThan(CASES);
  },
  TIMEOUT_MS,
);

it(
  'H2ClientConnection never throws over 50,000 mutated conversations, and answers every request exactly once',
  () => {
    const random = seededRandom(43);
    expect(() => {
      for (let done = 0; done < CASES; done++) runClientCase(random);
    }).not.toThrow();
  },
  TIMEOUT_MS,
);
