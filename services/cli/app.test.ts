import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runCli } from './app.ts';
import { readCliConfig } from './config.ts';
import { CLI_VERSION } from './contract.ts';

const localDir = mkdtempSync(join(tmpdir(), 'linkerd-cli-'));
const config = readCliConfig({ LINKERD_LOCAL_DIR: localDir });

async function run(...argv: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  let [stdout, stderr] = ['', ''];
  const output = {
    stdout: (text: string) => {
      stdout += text;
    },
    stderr: (text: string) => {
      stderr += text;
    },
  };
  const code = await runCli(argv, config, output);
  return { code, stdout, stderr };
}

afterAll(() => rmSync(localDir, { recursive: true }));

describe('linkerd', () => {
  it('prints versions', async () => {
    expect(await run('version', '--client', '--short')).toEqual({
      code: 0,
      stdout: `${CLI_VERSION}\n`,
      stderr: '',
    });
    expect((await run('version')).stdout).toBe(
      `Client version: ${CLI_VERSION}\nServer version: unavailable\n`,
    );
  });

  it.each([[], ['version'], ['local'], ['local', 'up'], ['local', 'status'], ['local', 'down']])(
    'has help for %j',
    async (...path) => {
      const { code, stdout, stderr } = await run(...path.flat(), '--help');
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toMatch(/^Usage: linkerd/);
    },
  );

  it('answers what it does not understand on standard error, with exit code 1', async () => {
    const cases: [string[], RegExp][] = [
      [['bogus'], /^Error: unknown command 'bogus'/],
      [['local', 'up'], /^Error: required option '-f, --filename <dir>' not specified/],
      [['local', 'status', '-o', 'xml'], /^Error: --output "xml" is not valid: give table or json\n$/],
      [
        ['local', 'status', '--name', 'nobody'],
        /^Error: there is no local mesh named nobody: start one with .*\n$/,
      ],
      [['-L', 'a_b', 'version'], /^Error: .*a_b is not a valid namespace\n$/],
      [['local', 'up', '-f', '.', '--wait', 'soon'], /^Error: --wait "soon" is not valid: give a duration/],
      [['local', 'down', '--name', 'A/B'], /^Error: --name "A\/B" is not valid/],
    ];
    for (const [argv, expected] of cases) {
      const { code, stdout, stderr } = await run(...argv);
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toMatch(expected);
    }
  });
});
