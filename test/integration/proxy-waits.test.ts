import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { identity, inbound, outbound } from '#lib/api';
import { GrpcError, GrpcServer, GrpcStatus } from '#lib/grpc';
import {
  certifyWith,
  createTestAuthority,
  LOCAL_NAME,
  type TestAuthority,
} from '../../services/proxy/identity/authority.testing.ts';
import { sleep, waitUntil } from '../support/waiting.ts';

const MAIN = new URL('../../services/proxy/main.ts', import.meta.url).pathname;

interface Ports {
  readonly identity: number;
  readonly policy: number;
  readonly destination: number;
  readonly admin: number;
}

let dir: string;
let authority: TestAuthority;
let ports: Ports;
let proxy: ChildProcess;
let output = '';
const closers: (() => unknown)[] = [];

describe('a proxy that is started while the control plane is away', () => {
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'linkerd-waits-'));
    writeFileSync(join(dir, 'token'), 'token');
    authority = createTestAuthority();
    const [identityPort = 0, policy = 0, destination = 0, admin = 0] = await findFreePorts(4);
    ports = { identity: identityPort, policy, destination, admin };
    proxy = spawn(process.execPath, [MAIN], { env: buildEnvironment() });
    for (const stream of [proxy.stdout, proxy.stderr])
      stream?.on('data', (chunk: Buffer) => {
        output += chunk.toString();
      });
    await waitUntil('the admin server answers', async () => (await ask('/live')).status === 200);
  });
  afterAll(async () => {
    proxy?.kill('SIGKILL');
    for (const close of closers.splice(0)) await close();
    rmSync(dir, { recursive: true, force: true });
  });

  it('lives, is not ready, and says what it waits for', async () => {
    expect(await ask('/live')).toEqual({ status: 200, body: 'live\n' });
    const isExplained = async () => /ECONNREFUSED/.test((await ask('/ready')).body);
    await waitUntil('/ready says why', isExplained);
    const { status, body } = await ask('/ready');
    expect(status).toBe(503);
    expect(body).toMatch(/^not ready\nwaiting for a certificate from the identity service at /);
    expect(body).toMatch(new RegExp(`at 127\\.0\\.0\\.1:${ports.identity} since 20\\S+Z: .*ECONNREFUSED`));
  });

  it('says so in its log, and not whenever it tries', async () => {
    const first = new RegExp(`Failed to connect.*service=identity addr=127\\.0\\.0\\.1:${ports.identity}`);
    expect(output).toMatch(first);
    // By then there was a fourth attempt at least.
    await sleep(1500);
    expect(linesOf('Failed to connect')).toHaveLength(1);
  });

  it('becomes ready by itself when identity is there, whoever else is away', async () => {
    await serve(ports.identity, (server) =>
      server.add(identity.Identity, { certify: (request) => certifyWith(authority, request) }),
    );
    await waitUntil('it is ready', async () => (await ask('/ready')).status === 200);
    expect((await ask('/ready')).body).toBe('ready\n');
    await waitUntil('the policy service is missed', async () => (await readConnected('policy')) === 0);
    expect(linesOf('Failed to connect').join('\n')).toContain(
      `service=policy addr=127.0.0.1:${ports.policy}`,
    );
  });

  it('finds the policy service when it is there', async () => {
    await serve(ports.policy, (server) => {
      const unimplemented = () => {
        throw new GrpcError(GrpcStatus.Unimplemented, 'not here');
      };
      server.add(inbound.InboundServerPolicies, { getPort: unimplemented, watchPort: () => {} });
      server.add(outbound.OutboundPolicies, { get: unimplemented, watch: unimplemented });
    });
    await waitUntil('it is connected', async () => (await readConnected('policy')) === 1);
    expect(linesOf('Connected again').join('\n')).toContain('service=policy');
  });
});

function linesOf(message: string): string[] {
  return output.split('\n').filter((line) => line.includes(message));
}

function buildEnvironment(): Record<string, string> {
  const entries = {
    LOG: 'warn,linkerd=info',
    INBOUND_LISTEN_ADDR: '127.0.0.1:0',
    OUTBOUND_LISTEN_ADDRS: '127.0.0.1:0',
    ADMIN_LISTEN_ADDR: `127.0.0.1:${ports.admin}`,
    INBOUND_PORTS: '8080',
    POLICY_WORKLOAD: '{"ns":"shop","pod":"web"}',
    DESTINATION_SVC_ADDR: `127.0.0.1:${ports.destination}`,
    POLICY_SVC_ADDR: `127.0.0.1:${ports.policy}`,
    IDENTITY_SVC_ADDR: `127.0.0.1:${ports.identity}`,
    IDENTITY_LOCAL_NAME: LOCAL_NAME,
    IDENTITY_TRUST_ANCHORS: authority.anchorsPem,
    IDENTITY_TOKEN_FILE: join(dir, 'token'),
    IDENTITY_DIR: dir,
  };
  return {
    PATH: process.env['PATH'] ?? '',
    ...Object.fromEntries(Object.entries(entries).map(([name, value]) => [`LINKERD2_PROXY_${name}`, value])),
  };
}

async function serve(port: number, add: (server: GrpcServer) => void): Promise<void> {
  const server = new GrpcServer();
  add(server);
  const { close } = await server.listen({ host: '127.0.0.1', port });
  closers.push(close);
}

async function findFreePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return server;
    }),
  );
  const found = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return found;
}

function ask(path: string): Promise<{ readonly status: number; readonly body: string }> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port: ports.admin, path, agent: false }, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => {
        body += chunk.toString();
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    }).on('error', reject);
  });
}

/** `control_discovery_connected` of a client; undefined while it is not there. */
async function readConnected(client: string): Promise<number | undefined> {
  const { body } = await ask('/metrics');
  const found = new RegExp(`^control_discovery_connected\\{client="${client}"\\} (\\d)`, 'm').exec(body);
  return found === null ? undefined : Number(found[1]);
}
