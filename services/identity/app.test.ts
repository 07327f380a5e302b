import { rm, symlink } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { identity, timestampMs } from '#lib/api';
import { createGrpcClient, GrpcError, GrpcStatus } from '#lib/grpc';
import { parseCertificate, verifyChain } from '#lib/pki';
import { createLogger } from '#lib/telemetry';
import { type IdentityApp, type IdentityParts, startIdentity } from './app.ts';
import { parseIdentityConfig } from './config.ts';
import {
  type CredentialFolder,
  createAuthority,
  createCredentialFolder,
  createCsr,
  HOUR_MS,
  IDENTITY,
  SPIFFE_ID,
} from './testing/authority.ts';
import { createClaims, createTokenSigner } from './testing/token.ts';

const signer = createTokenSigner('ES256', 'local');
const NEVER_MS = 3_600_000;

let folder: CredentialFolder;
let authority: ReturnType<typeof createAuthority>;
let app: IdentityApp | undefined;
let lines: string[];

beforeEach(async () => {
  folder = await createCredentialFolder();
  authority = createAuthority(Date.now());
  lines = [];
  await folder.writeIssuer(authority.issuer);
  await folder.writeAnchors(authority.anchor);
  await folder.write('jwks.json', JSON.stringify({ keys: [signer.jwk] }));
});
afterEach(async () => {
  await app?.close();
  app = undefined;
  await folder.remove();
});

function configure(...args: string[]) {
  const files = [
    '-issuer',
    folder.path,
    '-trust-anchors',
    folder.anchorsFile,
    '-token-jwks',
    folder.jwksFile,
  ];
  const addresses = [
    '-addr',
    '127.0.0.1:0',
    '-admin-addr',
    '127.0.0.1:0',
    '-identity-trust-domain',
    'cluster.local',
  ];
  return parseIdentityConfig([...addresses, ...files, ...args], {});
}

async function start(parts: IdentityParts = {}, ...args: string[]): Promise<IdentityApp> {
  const log = createLogger({ target: 'linkerd_identity', write: (line) => lines.push(line) });
  app = await startIdentity(configure(...args), { log, ...parts });
  return app;
}

async function certify(
  request: { identity?: string; token?: string; certificateSigningRequest?: Buffer } = {},
) {
  const client = createGrpcClient(identity.Identity, { address: `127.0.0.1:${app?.port}` });
  try {
    return await client.certify({
      identity: IDENTITY,
      certificateSigningRequest: createCsr(),
      ...request,
      token: Buffer.from(request.token ?? signer.sign(createClaims(Date.now()))),
    });
  } finally {
    client.close();
  }
}

async function fail(request: Parameters<typeof certify>[0]): Promise<GrpcError> {
  try {
    await certify(request);
  } catch (error) {
    if (error instanceof GrpcError) return error;
    throw error;
  }
  throw new Error('a certificate was issued');
}

async function readMetrics(): Promise<string> {
  return (await fetch(`http://127.0.0.1:${app?.adminPort}/metrics`)).text();
}

async function readIssuedBy(): Promise<string> {
  const { intermediateCertificates } = await certify();
  return parseCertificate(intermediateCertificates[0] ?? Buffer.alloc(0)).serialHex;
}

describe('the identity service', () => {
  it('gives a proxy a leaf of both names, its chain and its end', async () => {
    await start();
    const response = await certify();
    const leaf = parseCertificate(response.leafCertificate);
    const intermediates = response.intermediateCertificates.map((der) => parseCertificate(der));
    const anchors = [authority.anchor.certificate];
    expect(verifyChain({ leaf, intermediates, anchors, nowMs: Date.now() }).ok).toBe(true);
    expect(leaf.subjectAltNames.map(({ value }) => value)).toEqual([IDENTITY, SPIFFE_ID]);
    expect(response.validUntil && timestampMs(response.validUntil)).toBe(leaf.notAfterMs);
    expect(lines.join('')).toContain(`issued certificate for ${IDENTITY} until`);
  });

  it('answers each refusal with its status', async () => {
    await start();
    expect(await fail({ identity: '' })).toMatchObject({
      code: GrpcStatus.InvalidArgument,
      message: 'missing identity',
    });
    expect(await fail({ certificateSigningRequest: Buffer.from('x') })).toMatchObject({
      code: GrpcStatus.InvalidArgument,
    });
    expect(await fail({ certificateSigningRequest: createCsr('x') })).toMatchObject({
      code: GrpcStatus.FailedPrecondition,
    });
    expect(await fail({ token: 'garbage' })).toMatchObject({
      code: GrpcStatus.InvalidArgument,
      message: 'The token is not valid: it is no signed JWT',
    });
    const other = signer.sign(createClaims(Date.now(), { sub: 'system:serviceaccount:shop:db' }));
    expect(await fail({ token: other })).toMatchObject({ code: GrpcStatus.FailedPrecondition });
    expect(lines.filter((line) => line.includes('refused a certificate'))).toHaveLength(5);
  });

  it('counts its calls and the time that the issuer has left', async () => {
    await start();
    await certify();
    await fail({ token: 'garbage' });
    const metrics = await readMetrics();
    const call = 'grpc_type="unary",grpc_service="io.linkerd.proxy.identity.Identity",grpc_method="Certify"';
    expect(metrics).toContain(`grpc_server_handled_total{${call},grpc_code="OK"} 1\n`);
    expect(metrics).toContain(`grpc_server_handled_total{${call},grpc_code="InvalidArgument"} 1\n`);
    expect(metrics).toContain(`grpc_server_handling_seconds_count{${call}} 2\n`);
    const ttl = Number(/^issuer_cert_ttl_seconds (\S+)$/m.exec(metrics)?.[1]);
    expect(ttl).toBeGreaterThan((720 * HOUR_MS) / 1000 - 60);
  });

  it('uses a new issuer soon after its files are swapped', async () => {
    await start({ lookIntervalMs: NEVER_MS });
    const next = createAuthority(Date.now(), { anchor: authority.anchor });
    await folder.writeIssuer(next.issuer);
    await expect.poll(readIssuedBy, { timeout: 5000 }).toBe(next.issuer.certificate.serialHex);
  });

  it('uses a new issuer also when the file system tells nothing, at the next look of the timer', async () => {
    // What is watched is the folder behind the link; that the link points elsewhere now, no event says.
    const [mount, old, fresh] = [await createCredentialFolder(), folder, await createCredentialFolder()];
    const next = createAuthority(Date.now(), { anchor: authority.anchor });
    await fresh.writeIssuer(next.issuer);
    const link = join(mount.path, 'issuer');
    await symlink(old.path, link);
    const running = await start({ lookIntervalMs: NEVER_MS }, '-issuer', link);
    await rm(link);
    await symlink(fresh.path, link);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await readIssuedBy()).toBe(authority.issuer.certificate.serialHex);
    await running.checkFiles();
    expect(await readIssuedBy()).toBe(next.issuer.certificate.serialHex);
    expect(await readMetrics()).toContain('issuer_reloads_total{result="updated"} 1\n');
    await Promise.all([mount.remove(), fresh.remove()]);
  });

  it('looks by its timer', async () => {
    await start({ lookIntervalMs: 50 });
    const age = async () => Number(/^issuer_check_age_seconds (\S+)$/m.exec(await readMetrics())?.[1]);
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(await age()).toBeLessThan(0.3);
  });

  it('goes on with the old issuer when the new one is bad, and says so', async () => {
    const running = await start({ lookIntervalMs: NEVER_MS });
    await folder.writeIssuer(createAuthority(Date.now()).issuer);
    await running.checkFiles();
    expect(await readIssuedBy()).toBe(authority.issuer.certificate.serialHex);
    expect(lines.join('')).toMatch(/level=warning msg=".*crt\.pem: .*leads to none of the trust anchors/);
    expect(await readMetrics()).toContain('issuer_reloads_total{result="refused"} 1\n');
  });

  it('takes new token keys, and keeps the old ones when the file is broken', async () => {
    const running = await start({ lookIntervalMs: NEVER_MS });
    const next = createTokenSigner('RS256', 'next');
    await folder.write('jwks.json', '{');
    await running.checkFiles();
    await certify();
    await folder.write('jwks.json', JSON.stringify({ keys: [next.jwk] }));
    await running.checkFiles();
    await certify({ token: next.sign(createClaims(Date.now())) });
    expect(await fail({})).toMatchObject({
      message: 'The token is not valid: it is signed by an unknown key',
    });
  });

  it('refuses while its issuer has expired, and recovers with a new one', async () => {
    let nowMs = Date.now();
    const clock = { now: () => nowMs, monotonic: () => performance.now() };
    const running = await start({ clock, lookIntervalMs: NEVER_MS });
    const later = 719 * HOUR_MS;
    const anchorOfLater = createAuthority(nowMs + later);
    nowMs += 721 * HOUR_MS;
    const token = signer.sign(createClaims(nowMs));
    expect(await fail({ token })).toMatchObject({
      code: GrpcStatus.Unknown,
      message: expect.stringMatching(
        /"CN=identity\.linkerd\.cluster\.local" expired at .*; replace it with one that is valid\./,
      ),
    });
    expect(await readMetrics()).toContain('issuer_cert_ttl_seconds 0\n');
    await folder.writeAnchors(anchorOfLater.anchor);
    await folder.writeIssuer(anchorOfLater.issuer);
    await running.checkFiles();
    await certify({ token });
  });
});

describe('startIdentity() says in one sentence', () => {
  it('that the issuer has expired', async () => {
    const nowMs = Date.now();
    const expired = createAuthority(nowMs, {
      anchor: authority.anchor,
      issuer: { notAfterMs: nowMs - 60_000 },
    });
    await folder.writeIssuer(expired.issuer);
    await expect(start()).rejects.toThrow(
      /crt\.pem: the certificate .* expired at .*; replace it with one that is valid\.$/,
    );
  });

  it('that nobody can review tokens', async () => {
    const config = { ...configure(), tokenJwksFile: undefined };
    await expect(startIdentity(config)).rejects.toMatchObject({ code: 'IDENTITY_NO_TOKEN_REVIEWER' });
  });

  it('that the key file is missing or unusable', async () => {
    await folder.write('jwks.json', '{}');
    await expect(start()).rejects.toThrow(
      /^The token keys in .*jwks\.json are unusable: the file has no list "keys";/,
    );
  });

  it('that a port is taken', async () => {
    const squatter = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => squatter.once('listening', resolve));
    const port = (squatter.address() as AddressInfo).port;
    await expect(startIdentity(configure('-addr', `127.0.0.1:${port}`))).rejects.toThrow(`127.0.0.1:${port}`);
    await expect(startIdentity(configure('-admin-addr', `127.0.0.1:${port}`))).rejects.toThrow(
      /^The admin server cannot listen on .*free the port or give another -admin-addr\.$/,
    );
    await new Promise((resolve) => squatter.close(resolve));
  });
});
