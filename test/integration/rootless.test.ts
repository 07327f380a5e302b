import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { KubeObject } from '#lib/resources';
import { type InstanceState, readInstance } from '../../services/cli/local/state/instance.ts';
import { report, waitUntil } from '../support/waiting.ts';
import { describeAsRoot } from './mesh/as-root.ts';
import { podIp } from './mesh/local-mesh.ts';
import { buildNamespace, buildWorkload } from './mesh/manifests.ts';
import { addPlainUser, findKernelRefusal, listMembers, type PlainUser } from './mesh/plain-user.ts';

const NAME = `rootless-${process.pid}`;
const PORT = 8080;
const CLIENT_ID = 'client.shop.serviceaccount.identity.linkerd.cluster.local';
const SERVER = `require('node:http').createServer((request, response) => {
  response.end('called by ' + request.headers['l5d-client-id']);
}).listen(${PORT})`;
const CLIENT = `setInterval(async () => {
  try { console.log(await (await fetch('http://web:${PORT}/')).text()); } catch (error) { console.log(error.cause); }
}, 200)`;

const MANIFESTS: readonly KubeObject[] = [
  buildNamespace(),
  ...buildWorkload({ name: 'web', command: ['node', '-e', SERVER], ports: { http: PORT }, readyPath: '/' }),
  ...buildWorkload({ name: 'client', command: ['node', '-e', CLIENT] }),
];

describeAsRoot('linkerd local, for a user without root', () => {
  let user: PlainUser;
  const refusal = findKernelRefusal();

  beforeAll(() => {
    user = addPlainUser();
    mkdirSync(join(user.dir, 'manifests'));
    const text = MANIFESTS.map((object) => JSON.stringify(object)).join('\n---\n');
    writeFileSync(join(user.dir, 'manifests/mesh.yaml'), text);
  });
  afterAll(async () => {
    await user.runCli('local', 'down', '--name', NAME);
    user.remove();
  });

  const up = () => user.runCli('local', 'up', '-f', join(user.dir, 'manifests'), '--name', NAME, '--detach');
  const state = (): InstanceState => readInstance(NAME, user.localDir) ?? fail('there is no mesh');
  const expectNothingLeft = (userNamespace: string) => {
    expect(listMembers(userNamespace)).toEqual([]);
    expect(existsSync(user.localDir)).toBe(false);
  };

  if (refusal !== undefined) {
    it('says that the kernel refuses, and what to do', async () => {
      report(`this kernel refuses users a user namespace: ${refusal}`);
      const { status, stderr } = await up();
      expect(status).toBe(1);
      expect(stderr).toMatch(/the kernel refuses users a user namespace.*(sudo sysctl|on the host)/);
    });
    return;
  }

  it('says what the user lacks; with that, it works', async () => {
    const { status, stderr } = await up();
    expect(status).toBe(1);
    expect(stderr).toContain('a local mesh needs root, or an unprivileged user namespace');
    const advice = [...stderr.matchAll(/"sudo (usermod [^"]+)"/g)].map(([, command = '']) => command);
    expect(advice).toHaveLength(2);
    for (const command of advice) execFileSync(...splitCommand(command));
    const second = await up();
    expect(second, second.stderr).toMatchObject({ status: 0, stderr: '' });
    report(second.stdout.split('\n').at(-2) ?? '');
  });

  it('carries requests over mutual TLS', async () => {
    const client = state().pods.find(({ metadata }) => metadata.name.startsWith('client-'));
    const log = join(state().instance.logsDir, `shop_${client?.metadata.name}_client.log`);
    const read = () => execFileSync('tail', ['-n', '1', log], { encoding: 'utf8' }).trim();
    await waitUntil('the client is known', () => read() === `called by ${CLIENT_ID}`);
  });

  it('is asked as any other mesh', async () => {
    const status = await user.runCli('local', 'status', '--name', NAME);
    expect(status.stdout).toMatch(/: ready; .*[\s\S]*shop +web-\S+ +2\/2 +Running/);
    const edges = await user.runCli('viz', 'edges', 'deploy', '-n', 'shop', '--name', NAME);
    expect(edges.stdout, edges.stderr).toMatch(/client +web +shop +shop +√/);
    const pod = state().pods.find(({ metadata }) => metadata.name.startsWith('web-'));
    const identity = await user.runCli('identity', '-n', 'shop', pod?.metadata.name ?? '', '--name', NAME);
    expect(identity.stdout, identity.stderr).toContain('URI:spiffe://');
  });

  it('is reached with the command that "up" names', async () => {
    const [, entry = ''] = /put "(nsenter [^"]+)" before curl/.exec(readUpLog()) ?? [];
    const pod = state().pods.find(({ metadata }) => metadata.name.startsWith('web-'));
    const url = `http://${podIp(pod ?? fail('no web'))}:${PORT}/`;
    const { stdout } = await user.run(...entry.split(' '), 'curl', '--silent', url);
    expect(stdout).toBe('called by undefined');
  });

  it('leaves nothing after "down"', async () => {
    const { userNamespace = '' } = state().instance;
    expect(listMembers(userNamespace).length).toBeGreaterThan(5);
    expect((await user.runCli('local', 'down', '--name', NAME)).stdout).toContain(`${NAME} is down`);
    expectNothingLeft(userNamespace);
  });

  it('leaves nothing either when its process was killed', async () => {
    expect((await up()).status).toBe(0);
    const { userNamespace = '', pid } = state().instance;
    process.kill(pid, 'SIGKILL');
    await waitUntil('it is gone', () => !state().running);
    expect(listMembers(userNamespace)).not.toEqual([]);
    await user.runCli('local', 'down', '--name', NAME);
    expectNothingLeft(userNamespace);
  });

  function readUpLog(): string {
    return execFileSync('cat', [join(user.localDir, NAME, 'up.log')], { encoding: 'utf8' });
  }
});

function splitCommand(command: string): [string, string[]] {
  const [program = '', ...args] = command.split(' ');
  return [program, args];
}

function fail(why: string): never {
  throw new Error(why);
}
