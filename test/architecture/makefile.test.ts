import { execFileSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listTrackedFiles, ROOT, readTracked } from './tracked-files.ts';

const verbs = [...readTracked('Makefile').matchAll(/^([a-z0-9-]+):.*## /gm)].map(([, verb]) => verb);

describe('the Makefile', () => {
  it.each(['help', 'setup', 'demo', 'test', 'check', 'lint', 'typecheck', 'gen', 'bench', 'build', 'clean'])(
    'has the verb %s',
    (verb) => {
      expect(verbs).toContain(verb);
    },
  );

  it('describes itself', () => {
    const help = execFileSync('make', ['--no-print-directory', 'help'], { cwd: ROOT, encoding: 'utf8' });
    expect(
      help
        .trim()
        .split('\n')
        .map((line) => line.split(/\s+/)[0]),
    ).toEqual(verbs);
  });

  it('has every verb that a page tells people to run', () => {
    const pages = listTrackedFiles().filter((file) => file.endsWith('.md'));
    const told = pages.flatMap((page) =>
      [...readTracked(page).matchAll(/(?:^|`|\s{4})make ([a-z0-9-]+)/gm)].map(
        ([, verb]) => `${page}: ${verb}`,
      ),
    );
    expect(told.filter((line) => !verbs.includes(line.split(': ')[1]))).toEqual([]);
  });

  it('is what CI runs', () => {
    expect(() => accessSync(join(ROOT, '.ci/run'), constants.X_OK)).not.toThrow();
    expect(readTracked('.ci/run')).toMatch(/make .*check/);
  });
});
