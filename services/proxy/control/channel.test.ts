import { setTimeout as delay } from 'node:timers/promises';
import type { SecureContext } from 'node:tls';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { create, identity } from '#lib/api';
import { GrpcServer } from '#lib/grpc';
import { formatCertificates, formatPrivateKey, generatePrivateKey, issueLeaf } from '#lib/pki';
import { createLogger } from '#lib/telemetry';
import { createTestAuthority, LOCAL_NAME, validityFor } from '../identity/authority.testing.ts';
import { createFamilies } from '../metrics/families.ts';
import { createMeshContext } from '../transport/tls-config.ts';
import { type ChannelOptions, ControlChannel } from './channel.ts';
import { TEST_DIRECTION } from './testing/direction.ts';
import { type RelayOptions, startRelay } from './testing/relay.ts';
import { callUnary } from './unary-call.ts';

const SERVICE_NAME = 'linkerd-identity.linkerd.serviceaccount.identity.linkerd.cluster.local';
const authority = createTestAuthority();
const { certify } = identity.Identity.method;
const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

function createContext(): SecureContext {
  const key = generatePrivateKey();
  const leaf = issueLeaf({
    ...validityFor(3_600_000),
    issuer: authority.issuer,
    publicKey: key,
    dnsNames: [LOCAL_NAME],
  });
  return createMeshContext({
    certificatesPem: formatCertificates([leaf, authority.issuer.certificate]),
    keyPem: formatPrivateKey(key),
    trustAnchorsPem: authority.anchorsPem,
  });
}

/** A gRPC server that answers with a name. */
async function serve(name: string): Promise<number> {
  const server = new GrpcServer();
  server.add(identity.Identity, { certify: () => ({ leafCertificate: Buffer.from(name) }) });
  const { port, close } = await server.listen({ host: '127.0.0.1', port: 0 });
  closers.push(close);
  return port;
}

async function relay(options: RelayOptions) {
  const started = await startRelay(options);
  closers.push(() => started.cut());
  return started;
}

function open(options: Pick<ChannelOptions, 'address'> & Partial<ChannelOptions>) {
  const families = createFamilies();
  const lines: string[] = [];
  const channel = new ControlChannel({
    client: 'identity',
    inbound: TEST_DIRECTION,
    outbound: TEST_DIRECTION,
    currentContext: () => undefined,
    families,
    log: createLogger({ target: 'test', write: (line) => lines.push(line) }),
    ...options,
  });
  closers.push(() => channel.close());
  const ask = async () => {
    const request = create(identity.CertifyRequestSchema, { identity: 'x' });
    const answer = await callUnary(channel, { method: certify, request, timeoutMs: 4000 });
    return Buffer.from(answer.leafCertificate).toString();
  };
  return { channel, lines, ask, render: () => families.legacy.render() };
}

describe('ControlChannel', () => {
  it('speaks HTTP/2 without ALPN over mesh TLS, shows who it is and names whom it wants', async () => {
    const { port, handshakes } = await relay({
      targetPort: await serve('a'),
      tls: { authority, name: SERVICE_NAME },
    });
    const context = createContext();
    const { ask, render } = open({
      address: { host: '127.0.0.1', port, identity: SERVICE_NAME },
      currentContext: () => context,
    });
    expect(await Promise.all([ask(), ask()])).toEqual(['a', 'a']);
    expect(handshakes).toEqual([{ sni: SERVICE_NAME, alpn: false, names: `DNS:${LOCAL_NAME}` }]);
    const labels = `addr="127.0.0.1:${port}",tls="true",server_id="${SERVICE_NAME}"`;
    expect(render()).toContain(`control_request_total{${labels}} 2`);
    expect(render()).toContain(
      `control_response_total{${labels},status_code="200",classification="success",grpc_status="0",error=""} 2`,
    );
  });

  it('sends nothing to a server with another identity', async () => {
    const { port, connections } = await relay({
      targetPort: await serve('a'),
      tls: { authority, name: 'other.local' },
    });
    const context = createContext();
    const { ask, lines, channel } = open({
      address: { host: '127.0.0.1', port, identity: SERVICE_NAME },
      currentContext: () => context,
    });
    const answer = ask().catch((error: Error) => error.message);
    await vi.waitFor(() => expect(lines[0]).toContain('certificate does not match TLS identity'));
    expect(channel.isConnected).toBe(false);
    channel.close();
    expect(await answer).toBe('the channel is closed');
    await vi.waitFor(() => expect(connections.size).toBe(0));
  });

  it('lets calls wait for our own certificate', async () => {
    const { port } = await relay({ targetPort: await serve('a'), tls: { authority, name: SERVICE_NAME } });
    let context: SecureContext | undefined;
    const { ask, channel } = open({
      address: { host: '127.0.0.1', port, identity: SERVICE_NAME },
      currentContext: () => context,
    });
    const answer = ask();
    await delay(100);
    expect(channel.isConnected).toBe(true);
    context = createContext();
    expect(await answer).toBe('a');
  });

  it('tries the other addresses of a name, and comes back after a cut', async () => {
    const { port, cut, restore } = await relay({ targetPort: await serve('a') });
    const addresses = [
      { host: '127.0.0.9', port },
      { host: '127.0.0.1', port },
    ];
    const { ask, channel } = open({
      address: { host: 'name', port, identity: undefined },
      resolver: { resolve: async () => ({ addresses, ttlMs: 60_000 }) },
    });
    expect(await ask()).toBe('a');
    await cut();
    await vi.waitFor(() => expect(channel.isConnected).toBe(false));
    const answer = ask();
    await delay(150);
    await restore();
    expect(await answer).toBe('a');
    expect(channel.isConnected).toBe(true);
  });

  it('leaves an address that the name no longer stands for', async () => {
    const a = await relay({ targetPort: await serve('a'), host: '127.0.0.2' });
    const b = await relay({ targetPort: await serve('b'), host: '127.0.0.3' });
    let addresses = [{ host: '127.0.0.2', port: a.port }];
    const { ask, channel } = open({
      address: { host: 'name', port: 1, identity: undefined },
      resolver: { resolve: async () => ({ addresses, ttlMs: 50 }) },
    });
    expect(await ask()).toBe('a');
    addresses = [{ host: '127.0.0.3', port: b.port }];
    await vi.waitFor(async () => expect(await ask()).toBe('b'), { timeout: 4000 });
    expect(channel.isConnected).toBe(true);
  });

  it('gives up a connection that nobody uses, and makes one again when it is needed', async () => {
    const { port, connections } = await relay({ targetPort: await serve('a') });
    const { ask } = open({
      address: { host: 'name', port, identity: undefined },
      resolver: { resolve: async () => ({ addresses: [{ host: '127.0.0.1', port }], ttlMs: 1200 }) },
    });
    expect(await ask()).toBe('a');
    expect(connections.size).toBe(1);
    await vi.waitFor(() => expect(connections.size).toBe(0), { timeout: 4000 });
    expect(await ask()).toBe('a');
  });
});
