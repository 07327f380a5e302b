import { describe, expect, it } from 'vitest';
import { readConfig } from './config.ts';
import { type Finding, runFuzz } from './fuzz.ts';

const TIMEOUT_MS = 120_000;

function run(module: string, args: readonly string[], hangMs = 60_000): Promise<Finding | undefined> {
  const targetsUrl = new URL(module, import.meta.url).href;
  return runFuzz(readConfig(args, 1), { report: () => {}, targetsUrl, hangMs });
}

describe('the fuzz harness', () => {
  it(
    'finds an input that throws, makes it as small as it gets, and its seed finds it again',
    async () => {
      const found = await run('planted.fixture.ts', ['--only', 'throws']);
      expect(found?.failure).toMatch(/^RangeError: out of the table/);
      expect([...(found?.input ?? [])].sort()).toEqual([0x2a, 0x2b]);
      const again = await run('planted.fixture.ts', [
        '--only',
        'throws',
        '--seed',
        `${found?.seed}`,
        '--cases',
        '1',
      ]);
      expect(again).toEqual(found);
    },
    TIMEOUT_MS,
  );

  it(
    'finds an input that hangs',
    async () => {
      const found = await run('planted.fixture.ts', ['--only', 'hangs'], 1000);
      expect(found).toMatchObject({ name: 'hangs', failure: 'does not come back' });
      expect(found?.input).toContain(0x2a);
    },
    TIMEOUT_MS,
  );

  it('ends when all cases are done', async () => {
    expect(await run('planted.fixture.ts', ['--only', 'sound', '--cases', '1000'])).toBeUndefined();
  });

  it('names the targets where one is unknown', async () => {
    await expect(run('planted.fixture.ts', ['--only', 'no-such'])).rejects.toThrow(/sound, throws, hangs/);
  });

  it(
    'takes every parser of the proxy',
    async () => {
      expect(await run('targets.ts', ['--seed', '7', '--cases', '100'])).toBeUndefined();
    },
    TIMEOUT_MS,
  );
});
