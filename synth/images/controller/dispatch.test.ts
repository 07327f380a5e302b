import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleDispatcher } from '../programs.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'l5d-dispatch-'));
  const { content = [] } = await bundleDispatcher();
  await writeFile(join(folder, 'controller.js'), Buffer.concat(content));
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  const program = 'process.stdout.write(JSON.stringify(process.argv.slice(1))); process.exitCode = 3;';
  await writeFile(join(folder, 'identity.js'), program);
  await writeFile(join(folder, 'other.js'), 'process.stdout.write("never");');
});
afterAll(() => rm(folder, { recursive: true }));

const run = (...args: string[]) =>
  spawnSync(process.execPath, [join(folder, 'controller.js'), ...args], { encoding: 'utf8' });

describe('the entry point of the controllers', () => {
  it('runs the program that its first argument names, as if it had been started by itself', () => {
    const { status, stdout } = run('identity', '-log-level=info', '-addr', ':0');
    expect(JSON.parse(stdout)).toEqual([join(folder, 'identity.js'), '-log-level=info', '-addr', ':0']);
    expect(status).toBe(3);
  });

  it.each([['destination'], ['other'], ['../identity'], ['']])('does not know "%s"', (subcommand) => {
    expect(run(subcommand)).toMatchObject({
      status: 1,
      stdout: `unknown subcommand "${subcommand}": give one of identity\n`,
      stderr: '',
    });
  });

  it('says what it knows when it is given nothing', () => {
    expect(run()).toMatchObject({ status: 1, stdout: 'unknown subcommand "": give one of identity\n' });
  });
});
