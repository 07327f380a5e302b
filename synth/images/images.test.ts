import { execFileSync, type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FLAG } from '../../services/proxy-init/contract.ts';
import { COMMAND, type ImageKey, NODE_PATH, PROGRAM_DIR } from './contract.ts';
import { type BuiltImage, buildImages } from './images.ts';

const OPTIONS = { arch: process.arch === 'arm64' ? 'arm64' : 'amd64', version: '0.0.0', epochS: 0 } as const;
const hasIptables = existsSync('/usr/sbin/xtables-nft-multi');
const isRoot = process.getuid?.() === 0;
const SLOW_MS = 120_000;

/** All images, unpacked; file capabilities are kept where root does it. */
let folder = '';
let images: readonly BuiltImage[] = [];

beforeAll(async () => {
  if (!hasIptables) return;
  folder = await mkdtemp(join(tmpdir(), 'l5d-images-'));
  images = await buildImages(OPTIONS);
  for (const { key, layers } of images) {
    await mkdir(join(folder, key));
    const args = ['-xf', '-', '-C', join(folder, key), ...(isRoot ? ['--xattrs', '--xattrs-include=*'] : [])];
    for (const { pieces } of layers) execFileSync('tar', args, { input: Buffer.concat(pieces) });
  }
}, SLOW_MS);
afterAll(() => rm(folder, { recursive: true, force: true }));

describe.skipIf(!hasIptables)('the images', () => {
  it('are the same, byte for byte, when built again', { timeout: SLOW_MS }, async () => {
    const again = await buildImages(OPTIONS);
    expect(again.map(({ archive }) => archive.digest)).toEqual(images.map(({ archive }) => archive.digest));
  });

  it('share the layer that holds Node', () => {
    const [controller, proxy] = images.map(({ layers }) => layers[0]);
    expect(controller?.digest).toBe(proxy?.digest);
    expect(controller?.bytes).toBeGreaterThan(100_000_000);
  });

  it('are small but for Node', () => {
    const sizes = images.map(({ layers }) => layers.map(({ bytes }) => bytes));
    const [controller = [], proxy = [], debug = []] = sizes;
    for (const bytes of [...controller.slice(1), ...proxy.slice(1)]) expect(bytes).toBeLessThan(12_000_000);
    expect(debug[0]).toBeLessThan(64_000_000);
  });

  it('have no shell, but for the one to look around with', () => {
    const withShell = images.filter(({ key }) => existsSync(join(folder, key, 'usr/bin/sh')));
    expect(withShell.map(({ key }) => key)).toEqual(['debug']);
  });
});

/** Runs a command of an unpacked image in namespaces of its own, not as root. */
function runIn(key: ImageKey, ...command: string[]): SpawnSyncReturns<string> {
  const root = join(folder, key);
  const namespaces = ['--fork', '--pid', '--mount', '--net', '--mount-proc', `--root=${root}`];
  const user = ['--setgid=65534', '--setuid=65534'];
  const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', XTABLES_LOCKFILE: '/tmp/xtables.lock' };
  return spawnSync('/usr/bin/unshare', [...namespaces, ...user, ...command], { env, encoding: 'utf8' });
}

describe.skipIf(!hasIptables || !isRoot)('the programs in the images', { timeout: SLOW_MS }, () => {
  it.each([
    ['controller', [COMMAND.controller, 'identity', '-help'], 0, 'Usage: identity'],
    ['controller', [COMMAND.controller, 'destination', '-help'], 0, 'Usage: destination'],
    ['controller', [COMMAND.controller, 'mesh'], 1, 'unknown subcommand "mesh": give one of destination,'],
    ['controller', [COMMAND.policy, '--nothing'], 64, 'linkerd-policy-controller'],
    ['proxy', [NODE_PATH, `${PROGRAM_DIR}/proxy.js`], 64, 'LINKERD2_PROXY_DESTINATION_SVC_ADDR'],
    ['proxy', [COMMAND.proxyInit, '--help'], 0, 'Usage: proxy-init'],
    ['proxy', [COMMAND.networkValidator, '--help'], 0, 'Usage: network-validator'],
    ['proxy', [COMMAND.await, '--help'], 0, 'Usage: linkerd-await'],
    ['proxy', [COMMAND.sleep, '0'], 0, ''],
    ['debug', ['tcpdump', '--version'], 0, 'libpcap'],
    [
      'debug',
      ['sh', '-c', 'curl --version && ss -tln && ip link && ls / | sort | head | grep bin'],
      0,
      'lo:',
    ],
  ] as const)('%s: %j ends with %i', (key, command, status, text) => {
    const outcome = runIn(key, ...command);
    expect(outcome.stdout + outcome.stderr).toContain(text);
    expect(outcome.status).toBe(status);
  });

  it('find the machine code that the proxy calls the kernel with', () => {
    const script = `import(${JSON.stringify(`${PROGRAM_DIR}/node_modules/koffi/index.js`)}).then((koffi) => {
      process.stdout.write(String(koffi.default.load('libc.so.6').func('int getuid()')()));
    })`;
    expect(runIn('proxy', NODE_PATH, '-e', script)).toMatchObject({ stdout: '65534', status: 0 });
  });

  it.each([['nft'], ['legacy']])('lay the rules with iptables-%s without being root', (backend) => {
    const program = `iptables-${backend}`;
    const flags = { [FLAG.firewallBinPath]: program, [FLAG.firewallSaveBinPath]: `${program}-save` };
    const ports = { [FLAG.inboundPortsToIgnore]: '4190,4191', [FLAG.subnetsToIgnore]: '10.0.0.0/8' };
    const args = Object.entries({ ...flags, ...ports, [FLAG.proxyGid]: '2102' });
    const outcome = runIn(
      'proxy',
      COMMAND.proxyInit,
      ...args.flatMap(([name, value]) => [`--${name}`, value]),
    );
    expect(outcome.stderr).toBe('');
    expect(outcome.stdout).toContain(`program=ip6tables-${backend}-restore`);
    expect(outcome.status).toBe(0);
  });
});
