import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { identity, timestampFromMs } from '#lib/api';
import { GrpcError, GrpcServer, GrpcStatus, type UnaryHandler } from '#lib/grpc';
import { createLogger } from '#lib/telemetry';
import type { IdentityConfig } from '../config.ts';
import { TEST_DIRECTION } from '../control/testing/direction.ts';
import { createFamilies } from '../metrics/families.ts';
import { certifyWith, createTestAuthority, LOCAL_NAME, validityFor } from './authority.testing.ts';
import { startWorkloadIdentity } from './workload-identity.ts';

type Certify = UnaryHandler<typeof identity.Identity.method.certify>;

const HOUR_MS = 3_600_000;
const authority = createTestAuthority();
const dir = mkdtempSync(join(tmpdir(), 'identity-'));
const tokenFile = join(dir, 'token');
let closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});
afterAll(() => rmSync(dir, { recursive: true }));

async function serve(certify: Certify): Promise<number> {
  const server = new GrpcServer();
  server.add(identity.Identity, { certify });
  const listening = await server.listen({ host: '127.0.0.1', port: 0 });
  closers.push(() => listening.close());
  return listening.port;
}

function start(port: number, changes: Partial<IdentityConfig> = {}) {
  const families = createFamilies();
  const lines: string[] = [];
  const workload = startWorkloadIdentity({
    config: {
      inbound: TEST_DIRECTION as never,
      outbound: TEST_DIRECTION as never,
      identity: {
        localName: LOCAL_NAME,
        trustAnchorsPem: authority.anchorsPem,
        tokenFile,
        service: { host: '127.0.0.1', port, identity: undefined },
        minRefreshMs: 50,
        maxRefreshMs: HOUR_MS,
        ...changes,
      },
    },
    families,
    log: createLogger({ target: 'test', write: (line) => lines.push(line) }),
  });
  closers = [() => workload.close(), ...closers];
  return { store: workload.store, lines, render: () => families.modern.render() };
}

describe('startWorkloadIdentity()', () => {
  it('gets a certificate for a key of its own, with the token as it is on disk', async () => {
    writeFileSync(tokenFile, 'token-1\n');
    const requests: identity.CertifyRequest[] = [];
    const port = await serve((request) => {
      requests.push(request);
      return certifyWith(authority, request);
    });
    const { store, render } = start(port);
    expect(store.current()).toBeUndefined();
    await store.ready;
    expect(requests[0]?.identity).toBe(LOCAL_NAME);
    expect(Buffer.from(requests[0]!.token).toString()).toBe('token-1\n');
    const current = store.current()!;
    expect(current.certificatesPem.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
    expect(current.serial).toMatch(/^[0-9a-f]{32}$/);
    expect(current.notAfterMs).toBeGreaterThan(Date.now() + HOUR_MS - 10_000);
    const expiry = Math.floor(current.notAfterMs / 1000);
    expect(render()).toContain(`control_identity_cert_expiration_timestamp_seconds ${expiry}`);
    expect(render()).toContain('control_identity_cert_refreshes_total{result="ok"} 1');
  });

  it('renews a certificate in time, with the same key and the token of that time', async () => {
    writeFileSync(tokenFile, 'token-1');
    const tokens: string[] = [];
    const keys = new Set<string>();
    const port = await serve((request) => {
      tokens.push(Buffer.from(request.token).toString());
      keys.add(Buffer.from(request.certificateSigningRequest).toString('base64'));
      writeFileSync(tokenFile, 'token-2');
      return certifyWith(authority, request, { lifetimeMs: 2000 });
    });
    const { store } = start(port);
    const serials: string[] = [];
    store.onChange(({ serial }) => serials.push(serial));
    await vi.waitFor(() => expect(serials).toHaveLength(2), { timeout: 5000 });
    expect(serials[0]).not.toBe(serials[1]);
    expect(tokens.slice(0, 2)).toEqual(['token-1', 'token-2']);
    expect(keys.size).toBe(1);
    expect(store.current()?.serial).toBe(serials[1]);
  });

  it('waits for an identity service that is not there yet', async () => {
    writeFileSync(tokenFile, 'token');
    const port = await serve((request) => certifyWith(authority, request));
    for (const close of closers.splice(0)) await close();
    const { store } = start(port);
    const server = new GrpcServer();
    server.add(identity.Identity, { certify: (request) => certifyWith(authority, request) });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(store.current()).toBeUndefined();
    const listening = await server.listen({ host: '127.0.0.1', port });
    closers.push(() => listening.close());
    await store.ready;
  });

  it.each<[string, Certify, string]>([
    [
      'is for another name',
      (request) => certifyWith(authority, request, { name: 'other.shop.local' }),
      `it is not for ${LOCAL_NAME}`,
    ],
    [
      'says that it has expired',
      (request) => ({ ...certifyWith(authority, request), validUntil: timestampFromMs(Date.now() - 1000) }),
      'it has expired already',
    ],
    [
      'does not say until when it is valid',
      (request) => {
        const { leafCertificate, intermediateCertificates } = certifyWith(authority, request);
        return { leafCertificate, intermediateCertificates };
      },
      'it does not say until when it is valid',
    ],
    [
      'is garbage',
      (request) => ({ ...certifyWith(authority, request), leafCertificate: Buffer.from('garbage') }),
      'The certificate of the identity service is not a readable X.509 certificate',
    ],
    [
      'has expired',
      (request) => ({
        ...certifyWith(authority, request, { lifetimeMs: -60_000 }),
        validUntil: timestampFromMs(Date.now() + HOUR_MS),
      }),
      'expired at',
    ],
    [
      'is by another authority',
      (request) => certifyWith(createTestAuthority(), request),
      'which leads to none of the trust anchors',
    ],
    [
      'is refused',
      () => {
        throw new GrpcError(GrpcStatus.FailedPrecondition, 'token could not be authenticated');
      },
      'token could not be authenticated',
    ],
  ])('does not use a certificate that %s, says so, and asks again', async (_, certify, reason) => {
    writeFileSync(tokenFile, 'token');
    let calls = 0;
    const port = await serve((request, call) => {
      calls++;
      return calls < 3 ? certify(request, call) : certifyWith(authority, request);
    });
    const { store, lines, render } = start(port);
    await store.ready;
    expect(calls).toBe(3);
    expect(lines.find((line) => line.includes('Failed to obtain identity'))).toContain(reason);
    expect(render()).toContain('control_identity_cert_refreshes_total{result="error"} 2');
  });

  it('keeps its certificate while renewals fail', async () => {
    writeFileSync(tokenFile, 'token');
    let calls = 0;
    const port = await serve((request) => {
      calls++;
      if (calls > 1) throw new GrpcError(GrpcStatus.Unavailable, 'away');
      return certifyWith(authority, request, { lifetimeMs: HOUR_MS });
    });
    const { store } = start(port, { maxRefreshMs: 50 });
    await store.ready;
    const first = store.current();
    await vi.waitFor(() => expect(calls).toBeGreaterThan(2), { timeout: 5000 });
    expect(store.current()).toBe(first);
  });

  it.each<[string, () => Partial<IdentityConfig>, RegExp]>([
    [
      'unreadable trust anchors',
      () => ({ trustAnchorsPem: 'x' }),
      /^LINKERD2_PROXY_IDENTITY_TRUST_ANCHORS holds no PEM block/,
    ],
    [
      'an expired trust anchor',
      () => ({ trustAnchorsPem: createTestAuthority(validityFor(-60_000)).anchorsPem }),
      /^LINKERD2_PROXY_IDENTITY_TRUST_ANCHORS: the trust anchor "CN=root\.linkerd\.cluster\.local" expired at .*; give the mesh/,
    ],
    ['a name that is none', () => ({ localName: 'a..b' }), /^LINKERD2_PROXY_IDENTITY_LOCAL_NAME is "a\.\.b"/],
    [
      'a token file that is absent',
      () => ({ tokenFile: '/nowhere/token' }),
      /^the service account token \/nowhere\/token .* cannot be read: ENOENT/,
    ],
    [
      'a token file that is empty',
      () => {
        writeFileSync(tokenFile, '');
        return {};
      },
      /\/token \(LINKERD2_PROXY_IDENTITY_TOKEN_FILE\) is empty/,
    ],
  ])('refuses to start with %s', (_, changes, sentence) => {
    writeFileSync(tokenFile, 'token');
    expect(() => start(1, changes())).toThrow(sentence);
  });
});
