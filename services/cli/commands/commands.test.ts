import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runCli } from '../app.ts';
import { readProcessStart } from '../local/state/instance.ts';

let localDir: string;
beforeEach(() => {
  localDir = mkdtempSync(join(tmpdir(), 'linkerd-cli-test-'));
});
afterEach(() => rmSync(localDir, { recursive: true, force: true }));

async function run(line: string): Promise<{ code: number; stdout: string; stderr: string }> {
  const printed = { stdout: [] as string[], stderr: [] as string[] };
  const config = { linkerdNamespace: 'linkerd', searchPath: '', localDir };
  const code = await runCli(line.split(' '), config, {
    stdout: (text) => printed.stdout.push(text),
    stderr: (text) => printed.stderr.push(text),
  });
  return { code, stdout: printed.stdout.join(''), stderr: printed.stderr.join('') };
}

/** A mesh without pods, run by this very process or by one that is gone. */
function writeInstance({ running }: { readonly running: boolean }): void {
  const dir = join(localDir, 'default');
  const stateDir = join(dir, 'state');
  mkdirSync(stateDir, { recursive: true });
  const instance = {
    name: 'default',
    pid: process.pid,
    pidStart: running ? readProcessStart(process.pid) : '1',
    controlPlaneNamespace: 'linkerd',
    trustDomain: 'cluster.local',
    stateDir,
  };
  writeFileSync(join(dir, 'instance.json'), JSON.stringify(instance));
}

const QUERIES = [
  'viz stat deploy',
  'viz edges deployment',
  'identity web-1',
  'diagnostics endpoints web.shop:8080',
  'dg ep web.shop:8080',
  'diagnostics proxy-metrics deploy/web',
];

describe('commands about a running mesh', () => {
  test.each(QUERIES)(
    'linkerd %s says on standard error when there is no mesh, and what to do',
    async (line) => {
      const { code, stdout, stderr } = await run(line);
      expect([code, stdout]).toEqual([1, '']);
      expect(stderr).toMatch(
        /^Error: there is no local mesh named default: start one with "linkerd local up -f DIR".*\n$/,
      );
    },
  );

  test.each(QUERIES)('linkerd %s says when its process has crashed', async (line) => {
    writeInstance({ running: false });
    const { code, stderr } = await run(line);
    expect(code).toBe(1);
    expect(stderr).toContain('has crashed: run "linkerd local down --name default"');
  });

  test.each(QUERIES)('linkerd %s has a help', async (line) => {
    const { code, stdout } = await run(`${line} --help`);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Usage: linkerd /);
    expect(stdout).toContain('--name <name>');
  });

  test.each([
    ['viz stat deploy -o yaml', '--output "yaml" is not valid: give table, wide or json'],
    ['viz stat deploy -t soon', '--time-window "soon" is not valid'],
    ['viz stat deploy -t 1ms', '--time-window "1ms" is not valid'],
    ['viz stat nonsense', 'friendly name [nonsense]'],
    ['viz stat', 'missing required argument'],
    ['viz edges svc', 'ask for deployment or pod'],
    ['identity', 'no pod is given'],
    ['identity -l a=b=c', 'the selector "a=b=c" is not valid'],
    ['diagnostics endpoints web.shop', 'the authority "web.shop" is not valid: give HOST:PORT'],
    ['diagnostics endpoints web.shop:8080', 'no destination pod runs in namespace linkerd'],
    ['diagnostics proxy-metrics svc/web', 'a service has no proxy of its own'],
    ['diagnostics proxy-metrics deploy/web', 'no meshed pod of deploy/web runs'],
    ['viz nonsense', 'unknown command'],
  ])('linkerd %s is refused: %s', async (line, complaint) => {
    writeInstance({ running: true });
    const { code, stdout, stderr } = await run(line);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain(complaint);
  });

  test('a mesh without pods is no error', async () => {
    writeInstance({ running: true });
    expect(await run('viz stat deploy -t 500ms')).toEqual({
      code: 0,
      stdout: '',
      stderr: 'No traffic found.\n',
    });
    expect(await run('viz edges deployment')).toEqual({ code: 0, stdout: '', stderr: 'No edges found.\n' });
    expect(await run('viz edges deployment -o json')).toEqual({ code: 0, stdout: '[]\n', stderr: '' });
  });
});
