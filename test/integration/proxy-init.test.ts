import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const NODE = process.execPath;
const MAIN = new URL('../../services/proxy-init/main.ts', import.meta.url).pathname;
const SERVER = new URL('./proxy-init/redirected-server.ts', import.meta.url).pathname;
const INJECTED_ARGS = [
  ...['--incoming-proxy-port', '4143', '--outgoing-proxy-port', '4140', '--proxy-uid', '2102'],
  ...['--inbound-ports-to-ignore', '4190,4191,4567-4568,9000', '--outbound-ports-to-ignore', '4567,4568'],
];
const BACKENDS = ['iptables-nft', 'iptables-legacy'];
const isRoot = process.getuid?.() === 0;
if (!isRoot && process.env['REQUIRE_LAB'] === '1')
  throw new Error('REQUIRE_LAB is set, and this test needs root');

/** A pod and a client, each in a network namespace of its own, joined by a veth pair. */
const pod = `l5dtest-pod-${process.pid}`;
const client = `l5dtest-cli-${process.pid}`;
const servers: ChildProcess[] = [];

function run(...command: string[]): string {
  const [program = '', ...args] = command;
  return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

function runIn(netns: string, ...command: string[]): string {
  return run('ip', 'netns', 'exec', netns, ...command);
}

function install(
  backend: string,
  ...more: string[]
): { status: number | null; stderr: string; stdout: string } {
  const bins = ['--firewall-bin-path', backend, '--firewall-save-bin-path', `${backend}-save`];
  return spawnSync('ip', ['netns', 'exec', pod, NODE, MAIN, ...bins, ...INJECTED_ARGS, ...more], {
    encoding: 'utf8',
  });
}

/** The table as rules only: counters and the comment lines with dates left out. */
function readNat(program: string): string {
  return runIn(pod, program, '-t', 'nat')
    .replace(/^#.*\n/gm, '')
    .replace(/\[\d+:\d+\]/g, '');
}

async function listen(port: number): Promise<void> {
  const child = spawn('ip', ['netns', 'exec', pod, NODE, SERVER, `${port}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  servers.push(child);
  await once(child.stdout!, 'data');
}

/** What a server answers a connection from `netns`, made as `uid`. */
function connect(netns: string, address: string, uid = 0): string {
  const [host, port] = address.split(':');
  const script = `require('net').connect(${port}, '${host}').on('error', (e) => { console.log(e.code); }).pipe(process.stdout)`;
  return runIn(netns, 'setpriv', `--reuid=${uid}`, '--clear-groups', NODE, '-e', script).trim();
}

describe.runIf(isRoot)('proxy-init in a network namespace', () => {
  beforeEach(() => {
    for (const name of [pod, client]) run('ip', 'netns', 'add', name);
    run('ip', '-n', pod, 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', client);
    for (const [name, address] of [
      [pod, '10.211.0.1/24'],
      [client, '10.211.0.2/24'],
    ] as const) {
      run('ip', '-n', name, 'addr', 'add', address, 'dev', 'eth0');
      run('ip', '-n', name, 'link', 'set', 'eth0', 'up');
      run('ip', '-n', name, 'link', 'set', 'lo', 'up');
    }
  });

  afterEach(async () => {
    for (const server of servers.splice(0)) {
      server.kill('SIGKILL');
      await once(server, 'exit');
    }
    for (const name of [pod, client]) run('ip', 'netns', 'del', name);
  });

  describe.each(BACKENDS)('%s', (backend) => {
    it('leaves the same tables when it runs twice, in both families', () => {
      expect(install(backend)).toMatchObject({ status: 0, stderr: '' });
      const [v4, v6] = [readNat(`${backend}-save`), readNat(`${backend.replace('ip', 'ip6')}-save`)];
      expect(v4.match(/-j PROXY_INIT_REDIRECT/g)).toHaveLength(1);
      expect(v6).toContain('--to-ports 4140');
      expect(install(backend).status).toBe(0);
      expect(readNat(`${backend}-save`)).toBe(v4);
      expect(readNat(`${backend.replace('ip', 'ip6')}-save`)).toBe(v6);
    });

    it('replaces its own rules when the arguments change', () => {
      install(backend, '--ipv6=false');
      install(backend, '--ipv6=false', '--incoming-proxy-port', '5143');
      const nat = readNat(`${backend}-save`);
      expect(nat).toContain('--to-ports 5143');
      expect(nat).not.toContain('--to-ports 4143');
    });

    it('leads both directions to the proxy, which still sees where they were going', async () => {
      install(backend, '--ipv6=false');
      await Promise.all([listen(4143), listen(4140), listen(9000)]);
      expect(connect(client, '10.211.0.1:8080')).toBe('10.211.0.1:8080 via 4143');
      expect(connect(client, '10.211.0.1:9000')).toMatch(/via 9000$/);
      expect(connect(pod, '10.211.0.2:80')).toBe('10.211.0.2:80 via 4140');
      expect(connect(pod, '10.211.0.2:80', 2102)).toBe('ECONNREFUSED');
      expect(connect(pod, '10.211.0.2:4567')).toBe('ECONNREFUSED');
      expect(connect(pod, '127.0.0.1:9000')).toMatch(/via 9000$/);
    });
  });

  it('changes nothing when it simulates', () => {
    const { status, stdout } = install('iptables-nft', '--simulate');
    expect(status).toBe(0);
    expect(stdout).toContain('--to-ports 4143');
    expect(readNat('iptables-nft-save')).not.toContain('PROXY_INIT');
  });

  it('works in the namespace that --netns names', () => {
    const args = ['--firewall-bin-path', 'iptables-nft', '--firewall-save-bin-path', 'iptables-nft-save'];
    run(NODE, MAIN, ...args, '--ipv6=false', '--netns', `/run/netns/${pod}`);
    expect(readNat('iptables-nft-save')).toContain('PROXY_INIT_REDIRECT');
    expect(run('iptables-nft-save', '-t', 'nat')).not.toContain('PROXY_INIT');
  });

  it('says in one sentence that iptables is missing, or may not be run', () => {
    const missing = install('/nowhere/iptables');
    expect(missing.status).toBe(1);
    expect(missing.stderr).toMatch(
      /^Error: the program \/nowhere\/iptables-save was not found: .*install.*\n$/,
    );
    const args = [`--reuid=65534`, '--clear-groups', NODE, MAIN, '--firewall-bin-path', 'iptables-nft'];
    const denied = spawnSync('setpriv', [...args, '--firewall-save-bin-path', 'iptables-nft-save'], {
      encoding: 'utf8',
    });
    expect(denied.status).toBe(1);
    expect(denied.stderr).toMatch(
      /^Error: iptables-nft-(save|restore) may not change the nat table .*NET_ADMIN.*\n$/,
    );
  });

  it('names the capability that its container may not have', () => {
    const dir = mkdtempSync(join(tmpdir(), 'l5d-caps-'));
    try {
      // As in the image: a program that does not even start without its capabilities.
      const program = join(dir, 'iptables');
      copyFileSync('/bin/true', `${program}-save`);
      run('setcap', 'cap_net_admin,cap_net_raw+ep', `${program}-save`);
      chmodSync(dir, 0o755);
      const args = ['--reuid=65534', '--clear-groups', '--bounding-set=-net_admin', NODE, MAIN];
      const bins = ['--firewall-bin-path', program, '--firewall-save-bin-path', `${program}-save`];
      const denied = spawnSync('setpriv', [...args, ...bins], { encoding: 'utf8' });
      expect(denied.stderr).toMatch(
        /^Error: \S+-save may not change the nat table \(spawn EPERM\): .*the capability NET_ADMIN; name it in .*\n$/,
      );
      expect(denied.status).toBe(1);
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
});
