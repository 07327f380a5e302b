import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const run = promisify(execFile);
const program = join(import.meta.dirname, 'main.ts');

describe('the program', () => {
  it('explains its flags', async () => {
    const { stdout } = await run(process.execPath, [program, 'proxy-injector', '-help']);
    expect(stdout).toContain('-serving-certificate minted|given');
  });

  it.each([
    [['-nonsense'], "Error: Unknown option '--nonsense'"],
    [['-kubeconfig=/nowhere/config'], 'Error: '],
  ])('ends with 1 and one sentence on %j', async (args, sentence) => {
    const failed = await run(process.execPath, [program, ...args]).catch((error: unknown) => error);
    expect(failed).toMatchObject({ code: 1, stderr: expect.stringContaining(sentence) });
    expect((failed as { stderr: string }).stderr.trim().split('\n')).toHaveLength(1);
  });
});
