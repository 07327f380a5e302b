import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { formatPrivateKey, generatePrivateKey } from '../keys.ts';
import { createAuthority, DAY_MS, HOUR_MS, issueWorkload, NOW_MS, VALIDITY } from '../testing/authority.ts';
import { type Certificate, formatCertificates } from '../x509/certificate.ts';
import { type Credentials, createTrustAnchor, issueIssuer } from '../x509/issuance.ts';
import { loadIssuer } from './issuer.ts';

const { anchor, issuer } = createAuthority();
const NAMES = { cert: 'crt.pem', key: 'key.pem', anchors: 'ca-bundle.crt' };
const EXPIRED = { notBeforeMs: NOW_MS - DAY_MS, notAfterMs: NOW_MS - HOUR_MS };
const FUTURE = { notBeforeMs: NOW_MS + HOUR_MS, notAfterMs: NOW_MS + DAY_MS };

function load(
  credentials: Credentials,
  options: { anchors?: readonly Certificate[]; chain?: readonly Certificate[]; nowMs?: number } = {},
) {
  return loadIssuer({
    certPem: formatCertificates([credentials.certificate, ...(options.chain ?? [])]),
    keyPem: formatPrivateKey(credentials.key),
    anchorsPem: formatCertificates(options.anchors ?? [anchor.certificate]),
    nowMs: options.nowMs ?? NOW_MS,
    names: NAMES,
  });
}

function explain(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return (error as Error).message;
  }
  return 'accepted';
}

describe('loadIssuer()', () => {
  it('gives the chain for peers without the root, and when the first of it ends', () => {
    const shortAnchor = createTrustAnchor({
      ...VALIDITY,
      commonName: 'root',
      notAfterMs: NOW_MS + 2 * HOUR_MS,
    });
    const middle = issueIssuer({ ...VALIDITY, anchor: shortAnchor, commonName: 'middle', pathLength: 1 });
    const bottom = issueIssuer({ ...VALIDITY, anchor: middle, commonName: 'bottom' });
    const loaded = load(bottom, {
      chain: [middle.certificate, shortAnchor.certificate],
      anchors: [shortAnchor.certificate],
    });
    expect(loaded.intermediates.map(({ subject }) => subject.text)).toEqual(['CN=bottom', 'CN=middle']);
    expect(loaded.chain.map(({ subject }) => subject.text)).toEqual(['CN=bottom', 'CN=middle', 'CN=root']);
    expect(loaded.notAfterMs).toBe(NOW_MS + 2 * HOUR_MS);
  });

  it('takes any of several anchors, an expired one beside it, and an issuer that is itself the anchor', () => {
    const old = createTrustAnchor({ ...EXPIRED, commonName: 'old' });
    expect(load(issuer, { anchors: [old.certificate, anchor.certificate] }).chain).toHaveLength(2);
    expect(load(anchor).intermediates).toEqual([]);
  });

  it('takes RSA and P-384 issuers', () => {
    for (const key of [
      generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
      generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey,
    ]) {
      const loaded = load(issueIssuer({ ...VALIDITY, anchor, commonName: 'identity', key }));
      expect(issueWorkload(loaded).certificate.issuer.text).toBe('CN=identity');
    }
  });

  it('says that the key does not fit', () => {
    expect(explain(() => load({ ...issuer, key: generatePrivateKey() }))).toBe(
      'key.pem does not fit crt.pem ("CN=identity.linkerd.cluster.local"): it is another key; give the key that the certificate was made for.',
    );
  });

  it('says that no anchor signed the issuer', () => {
    expect(explain(() => load(createAuthority().issuer))).toBe(
      'crt.pem: the certificate "CN=identity.linkerd.cluster.local" was issued by "CN=root.linkerd.cluster.local", which leads to none of the trust anchors; give an issuer signed by one of ca-bundle.crt, or add its authority there.',
    );
  });

  it('says which one has expired, or is not valid yet', () => {
    const expired = issueIssuer({ ...EXPIRED, anchor, commonName: 'identity' });
    expect(explain(() => load(expired))).toBe(
      'crt.pem: the certificate "CN=identity" expired at 2026-11-21T11:00:00Z (it is 2026-11-21T12:00:00Z now); replace it with one that is valid.',
    );
    const oldAnchor = createTrustAnchor({ ...EXPIRED, commonName: 'root' });
    const underOld = issueIssuer({ ...VALIDITY, anchor: oldAnchor, commonName: 'identity' });
    expect(explain(() => load(underOld, { anchors: [oldAnchor.certificate] }))).toMatch(
      /^ca-bundle\.crt: the certificate "CN=root" expired at /,
    );
    const early = createTrustAnchor({ ...FUTURE, commonName: 'root' });
    const underEarly = issueIssuer({ ...VALIDITY, anchor: early, commonName: 'identity' });
    expect(explain(() => load(underEarly, { anchors: [early.certificate] }))).toMatch(
      /^ca-bundle\.crt: the certificate "CN=root" is not valid before .* check this machine's clock or wait\.$/,
    );
  });

  it('says that a leaf is no authority', () => {
    expect(explain(() => load(issueWorkload(issuer), { chain: [issuer.certificate] }))).toMatch(
      /is not a certificate authority .*; make one with CA:TRUE and the key usage keyCertSign\.$/,
    );
  });

  it('says which of the three inputs is unreadable', () => {
    const good = {
      certPem: formatCertificates([issuer.certificate]),
      keyPem: formatPrivateKey(issuer.key),
      anchorsPem: formatCertificates([anchor.certificate]),
      nowMs: NOW_MS,
      names: NAMES,
    };
    expect(explain(() => loadIssuer({ ...good, certPem: 'x' }))).toMatch(/^crt\.pem holds no PEM block/);
    expect(explain(() => loadIssuer({ ...good, keyPem: '' }))).toMatch(/^key\.pem is empty/);
    expect(explain(() => loadIssuer({ ...good, keyPem: good.certPem }))).toMatch(
      /^key\.pem holds no private key but CERT/,
    );
    const broken = `${good.anchorsPem}${good.anchorsPem.replace('MII', 'AAA')}`;
    expect(explain(() => loadIssuer({ ...good, anchorsPem: broken }))).toMatch(
      /^ca-bundle\.crt: PEM block 2 \(line \d+\) is not a readable X\.509 certificate: /,
    );
  });

  it('refuses a key that is too weak to sign for the mesh', () => {
    const key = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey;
    const weak = issueIssuer({ ...VALIDITY, anchor, commonName: 'weak', key });
    expect(explain(() => load(weak))).toMatch(/^A key of the kind RSA 1024 cannot sign for the mesh;/);
  });
});
