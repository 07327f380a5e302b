import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { MeshError, seededRandom } from '#lib/base';
import {
  createCertificateRequest,
  formatCertificates,
  formatPrivateKey,
  generatePrivateKey,
  loadIssuer,
  verifyChain,
} from '#lib/pki';
import { createAuthority, createCsr, HOUR_MS, IDENTITY, SPIFFE_ID } from '../testing/authority.ts';
import { type CertifyParts, type CertifyRequest, certify, type IssuerInUse } from './certify.ts';
import type { IdentityEvent } from './event.ts';
import type { TokenReviewResult } from './token-reviewer.ts';

const NOW_MS = Date.UTC(2026, 10, 21);
const WEB: TokenReviewResult = { authenticated: true, username: 'system:serviceaccount:shop:web', error: '' };
const SETTINGS = {
  controllerNamespace: 'linkerd',
  trustDomain: 'cluster.local',
  audience: 'identity.l5d.io',
  lifetimeMs: 24 * HOUR_MS,
  clockSkewMs: 20_000,
};

function inUse({ anchor, issuer } = createAuthority(NOW_MS)): IssuerInUse {
  const loaded = loadIssuer({
    certPem: formatCertificates([issuer.certificate]),
    keyPem: formatPrivateKey(issuer.key),
    anchorsPem: formatCertificates([anchor.certificate]),
    nowMs: NOW_MS,
  });
  return { issuer: loaded, anchors: [anchor.certificate] };
}

const current = inUse();

function setUp(
  options: { issuer?: IssuerInUse | undefined; review?: TokenReviewResult | Error; nowMs?: number } = {},
) {
  const events: IdentityEvent[] = [];
  const asked: (string | undefined)[] = [];
  const parts: CertifyParts = {
    settings: SETTINGS,
    getIssuer: () => ('issuer' in options ? options.issuer : current),
    events: { record: (event) => events.push(event) },
    clock: { now: () => options.nowMs ?? NOW_MS, monotonic: () => 0 },
    reviewer: {
      review: async (_token, audience) => {
        asked.push(audience);
        if (options.review instanceof Error) throw options.review;
        return options.review ?? WEB;
      },
    },
  };
  const run = (request: Partial<CertifyRequest> = {}) =>
    certify({ identity: IDENTITY, token: Buffer.from('token'), csr: createCsr(), ...request }, parts);
  return { run, events, asked, parts };
}

async function refusal(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof MeshError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return 'issued';
}

/** A CSR with the common name and the one DNS name replaced by others of the same length. */
function createNamedCsr(name: string): Buffer {
  return createCertificateRequest(name, generatePrivateKey());
}

describe('certify()', () => {
  it('issues a leaf with the DNS name first and the SPIFFE ID second, for a day and the skew', async () => {
    const { run, events, asked } = setUp();
    const { leaf, intermediates } = await run();
    expect(leaf.subjectAltNames).toEqual([
      { kind: 'dns', value: IDENTITY },
      { kind: 'uri', value: SPIFFE_ID },
    ]);
    expect(leaf.subject.commonName).toBe(IDENTITY);
    expect(leaf.notBeforeMs).toBe(NOW_MS - 20_000);
    expect(leaf.notAfterMs).toBe(NOW_MS + 24 * HOUR_MS + 20_000);
    expect(leaf.isCa).toBe(false);
    expect(leaf.keyUsage).toEqual(['digitalSignature', 'keyEncipherment']);
    expect(intermediates).toEqual([current.issuer.certificate]);
    expect(verifyChain({ leaf, intermediates, anchors: current.anchors, nowMs: NOW_MS }).ok).toBe(true);
    expect(asked).toEqual(['identity.l5d.io']);
    expect(events).toEqual([
      {
        type: 'Normal',
        reason: 'IssuedLeafCertificate',
        message: `issued certificate for ${IDENTITY} until 2026-11-22T00:00:20Z: ${leaf.fingerprintSha256}`,
        serviceAccount: { namespace: 'shop', name: 'web' },
      },
    ]);
  });

  it('lets no leaf outlive the issuer or the anchor', async () => {
    const soon = { notAfterMs: NOW_MS + HOUR_MS };
    const short = inUse(createAuthority(NOW_MS, { issuer: soon }));
    expect((await setUp({ issuer: short }).run()).leaf.notAfterMs).toBe(NOW_MS + HOUR_MS);
  });

  it('answers that the issuer is not ready before it looks at anything else', async () => {
    expect(await refusal(setUp({ issuer: undefined }).run({ identity: '' }))).toBe(
      'IDENTITY_ISSUER_NOT_READY: cert issuer not ready yet',
    );
  });

  it.each([
    [{ identity: '' }, 'IDENTITY_REQUEST_INCOMPLETE: missing identity'],
    [{ token: Buffer.alloc(0) }, 'IDENTITY_REQUEST_INCOMPLETE: missing token'],
    [{ csr: Buffer.alloc(0) }, 'IDENTITY_REQUEST_INCOMPLETE: missing certificate signing request'],
    [
      { csr: Buffer.from('garbage') },
      /^IDENTITY_CSR_UNREADABLE: The certificate signing request is not readable/,
    ],
  ])('answers %j', async (request, expected) => {
    expect(await refusal(setUp().run(request))).toMatch(expected);
  });

  it('refuses a request that is not signed by its own key', async () => {
    const forged = createCsr();
    forged.write('x', forged.lastIndexOf(IDENTITY));
    expect(await refusal(setUp().run({ csr: forged }))).toMatch(
      /^IDENTITY_CSR_UNREADABLE: .* not signed by the key/,
    );
  });

  it('tells of an issuer that has expired meanwhile, as an event too, before it looks at names or tokens', async () => {
    const { run, events, asked } = setUp({ nowMs: NOW_MS + 721 * HOUR_MS });
    const sentence = await refusal(run({ csr: createNamedCsr('other') }));
    expect(sentence).toMatch(
      /^IDENTITY_ISSUER_INVALID: .*"CN=identity\.linkerd\.cluster\.local" expired at .*replace it/,
    );
    expect(events).toMatchObject([{ type: 'Warning', reason: 'IssuerValidationFailed' }]);
    expect(asked).toEqual([]);
  });

  it('refuses a request for another name, and does not ask about its token', async () => {
    const { run, asked } = setUp();
    expect(await refusal(run({ csr: createNamedCsr('other.local') }))).toBe(
      `IDENTITY_CSR_REFUSED: The certificate signing request asks for the DNS name "other.local" instead of "${IDENTITY}".`,
    );
    expect(asked).toEqual([]);
  });

  it('asks again without an audience where the cluster knows none', async () => {
    const unknown = {
      authenticated: false,
      username: '',
      error: 'token audiences [] is invalid for the target audiences',
    };
    const { run, asked } = setUp({ review: unknown });
    expect(await refusal(run())).toMatch(/^IDENTITY_TOKEN_INVALID: /);
    expect(asked).toEqual(['identity.l5d.io', undefined]);
  });

  it.each([
    [
      new Error('connection refused'),
      'IDENTITY_TOKEN_REVIEW_FAILED: The token could not be reviewed: connection refused',
    ],
    [{ ...WEB, error: 'it has expired' }, 'IDENTITY_TOKEN_INVALID: The token is not valid: it has expired'],
    [
      { ...WEB, authenticated: false },
      'IDENTITY_TOKEN_NOT_AUTHENTICATED: The token authenticates nobody; use a fresh one.',
    ],
    [{ ...WEB, username: 'admin' }, /^IDENTITY_TOKEN_SUBJECT_INVALID: The token stands for "admin";/],
    [{ ...WEB, username: 'system:serviceaccount:shop:web.v2' }, /^IDENTITY_TOKEN_SUBJECT_INVALID: /],
    [{ ...WEB, username: 'system:serviceaccount:shop:web:x' }, /^IDENTITY_TOKEN_SUBJECT_INVALID: /],
    [
      { ...WEB, username: 'system:serviceaccount:shop:db' },
      `IDENTITY_NAME_MISMATCH: The token stands for "db.shop.serviceaccount.identity.linkerd.cluster.local", which may not ask for "${IDENTITY}".`,
    ],
    [{ ...WEB, username: 'system:node:shop:web' }, /^IDENTITY_NAME_MISMATCH: /],
  ])('answers a review of %j', async (review, expected) => {
    expect(await refusal(setUp({ review }).run())).toMatch(expected);
  });

  it('signs ECDSA keys only', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    expect(await refusal(setUp().run({ csr: createCertificateRequest(IDENTITY, privateKey) }))).toMatch(
      /^IDENTITY_SIGNING_FAILED: .* RSA 2048; it must be ECDSA\.$/,
    );
  });

  it('refuses every damaged request with a code', async () => {
    const random = seededRandom(7);
    const csr = createCsr();
    for (let round = 0; round < 300; round++) {
      const damaged = Buffer.from(csr);
      const at = Math.floor(random() * csr.length);
      damaged[at] = (damaged[at] ?? 0) ^ (1 + Math.floor(random() * 255));
      expect(await refusal(setUp().run({ csr: damaged }))).toMatch(/^IDENTITY_CSR_/);
    }
  });
});
