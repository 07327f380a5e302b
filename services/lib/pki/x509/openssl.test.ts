import { createPublicKey, X509Certificate } from 'node:crypto';
import { afterAll, describe, expect, it } from 'vitest';
import { formatCertificateText } from '../certificate-text.ts';
import { loadIssuer } from '../chain/issuer.ts';
import { verifyChain } from '../chain/verification.ts';
import { formatPrivateKey, generatePrivateKey } from '../keys.ts';
import { formatPem } from '../pem.ts';
import { createAuthority, IDENTITY, issueWorkload, SPIFFE_ID, VALIDITY } from '../testing/authority.ts';
import { createOpensslFolder } from '../testing/openssl.ts';
import { formatCertificates, parseCertificates } from './certificate.ts';
import {
  createCertificateRequest,
  parseCertificateRequest,
  verifyCertificateRequest,
} from './certificate-request.ts';

const openssl = createOpensslFolder();
afterAll(() => openssl.remove());

const KEY_KINDS = {
  'P-256': ['EC', '-pkeyopt', 'ec_paramgen_curve:P-256'],
  'P-384': ['EC', '-pkeyopt', 'ec_paramgen_curve:P-384'],
  RSA: ['RSA', '-pkeyopt', 'rsa_keygen_bits:2048'],
};

/** Makes a root and an issuer with openssl alone, their keys of the given kind. */
function makeAuthority(kind: keyof typeof KEY_KINDS): void {
  for (const name of ['ca', 'issuer'])
    openssl.run('genpkey', '-algorithm', ...KEY_KINDS[kind], '-out', `${name}.key`);
  openssl.run(
    'req',
    '-x509',
    '-new',
    '-key',
    'ca.key',
    '-subj',
    '/O=Acme, Inc./CN=root.linkerd.cluster.local',
    '-days',
    '30',
    '-addext',
    'keyUsage=critical,keyCertSign,cRLSign',
    '-out',
    'ca.crt',
  );
  openssl.run(
    'req',
    '-new',
    '-key',
    'issuer.key',
    '-subj',
    '/CN=identity.linkerd.cluster.local',
    '-out',
    'issuer.csr',
  );
  openssl.write(
    'ext',
    'basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n',
  );
  openssl.run(
    'x509',
    '-req',
    '-in',
    'issuer.csr',
    '-CA',
    'ca.crt',
    '-CAkey',
    'ca.key',
    '-CAcreateserial',
    '-days',
    '20',
    '-extfile',
    'ext',
    '-out',
    'issuer.crt',
  );
}

describe('certificates that we make', () => {
  const { anchor, issuer } = createAuthority();
  const leaf = issueWorkload(issuer);
  openssl.write('own-ca.pem', formatCertificates([anchor.certificate]));
  openssl.write('own-issuer.pem', formatCertificates([issuer.certificate]));
  openssl.write('own-leaf.pem', formatCertificates([leaf.certificate]));

  it.each(['sslserver', 'sslclient'])('are verified by openssl for %s', (purpose) => {
    const atTime = String(VALIDITY.notBeforeMs / 1000 + 60);
    const chain = [
      '-x509_strict',
      '-attime',
      atTime,
      '-CAfile',
      'own-ca.pem',
      '-untrusted',
      'own-issuer.pem',
    ];
    expect(openssl.run('verify', '-purpose', purpose, ...chain, 'own-leaf.pem')).toBe('own-leaf.pem: OK\n');
  });

  it('say what openssl reads in them', () => {
    const text = openssl.run('x509', '-in', 'own-leaf.pem', '-text', '-noout');
    expect(text).toContain('Version: 3 (0x2)');
    expect(text).toContain('Signature Algorithm: ecdsa-with-SHA256');
    expect(text).toMatch(/X509v3 Key Usage: critical\n\s+Digital Signature, Key Encipherment\n/);
    expect(text).toMatch(
      /X509v3 Extended Key Usage: *\n\s+TLS Web Server Authentication, TLS Web Client Authentication\n/,
    );
    expect(text).toMatch(/X509v3 Basic Constraints: critical\n\s+CA:FALSE\n/);
    expect(text).toContain(`DNS:${IDENTITY}, URI:${SPIFFE_ID}`);
    expect(text).toContain(`Subject: CN = ${IDENTITY}`);
    expect(openssl.run('x509', '-in', 'own-leaf.pem', '-serial', '-noout').toLowerCase()).toBe(
      `serial=${leaf.certificate.serialHex}\n`,
    );
    const issuerText = openssl.run('x509', '-in', 'own-issuer.pem', '-text', '-noout');
    expect(issuerText).toMatch(/X509v3 Basic Constraints: critical\n\s+CA:TRUE, pathlen:0\n/);
    expect(issuerText).toMatch(/X509v3 Key Usage: critical\n\s+Certificate Sign, CRL Sign\n/);
  });

  it('are rendered as openssl renders them', () => {
    // openssl leaves a space after a heading that has no "critical".
    const theirs = openssl.run('x509', '-in', 'own-leaf.pem', '-text', '-noout').replaceAll(/ +$/gm, '');
    expect(formatCertificateText(leaf.certificate)).toBe(theirs);
  });

  it('have a serial number of 16 bytes that never repeats', () => {
    const serials = Array.from({ length: 50 }, () => issueWorkload(issuer).certificate.serialHex);
    expect(new Set(serials).size).toBe(50);
    for (const serial of serials) expect(serial).toMatch(/^[0-7][0-9a-f]{31}$/);
  });

  it('take a few milliseconds', () => {
    const startedAt = performance.now();
    for (let count = 0; count < 50; count++) issueWorkload(issuer);
    expect((performance.now() - startedAt) / 50).toBeLessThan(20);
  });
});

describe('requests', () => {
  it('of ours are verified by openssl, of openssl by us', () => {
    const key = generatePrivateKey();
    openssl.write('own.csr', formatPem('CERTIFICATE REQUEST', createCertificateRequest(IDENTITY, key)));
    const text = openssl.run('req', '-in', 'own.csr', '-verify', '-text', '-noout');
    expect(text).toContain(`Subject: CN = ${IDENTITY}`);
    expect(text).toContain(`DNS:${IDENTITY}\n`);
    const names = `subjectAltName=DNS:${IDENTITY},URI:${SPIFFE_ID},email:a@b.c,IP:10.0.0.1,IP:fd00::1`;
    openssl.write('own.key', formatPrivateKey(key));
    openssl.run(
      'req',
      '-new',
      '-key',
      'own.key',
      '-subj',
      '/CN=x',
      '-addext',
      names,
      '-outform',
      'DER',
      '-out',
      'x.csr',
    );
    openssl.run('req', '-inform', 'DER', '-in', 'x.csr', '-out', 'x.pem');
    const der = Buffer.from(openssl.read('x.pem').replaceAll(/-----.*-----|\s/g, ''), 'base64');
    const request = parseCertificateRequest(der);
    expect(request.subject.commonName).toBe('x');
    expect(request.subjectAltNames.map(({ kind, value }) => `${kind} ${value}`)).toEqual([
      `dns ${IDENTITY}`,
      `uri ${SPIFFE_ID}`,
      'email a@b.c',
      'ip 10.0.0.1',
      'ip fd00::1',
    ]);
    expect(request.publicKey.equals(createPublicKey(key))).toBe(true);
    expect(verifyCertificateRequest(request)).toBe(true);
    const forged = Buffer.from(der);
    const at = forged.indexOf('web.shop');
    forged.write('xxx', at);
    expect(verifyCertificateRequest(parseCertificateRequest(forged))).toBe(false);
  });
});

describe.each(Object.keys(KEY_KINDS) as (keyof typeof KEY_KINDS)[])(
  'an authority made by openssl with %s keys',
  (kind) => {
    it('is read, loaded as issuer, and signs leaves that openssl and we verify', () => {
      makeAuthority(kind);
      const nowMs = Date.now();
      const loaded = loadIssuer({
        certPem: openssl.read('issuer.crt'),
        keyPem: openssl.read('issuer.key'),
        anchorsPem: openssl.read('ca.crt'),
        nowMs,
      });
      const anchors = parseCertificates(openssl.read('ca.crt'), 'ca.crt');
      const root = anchors[0];
      const reference = new X509Certificate(openssl.read('ca.crt'));
      expect(root?.subject.text).toBe('O=Acme, Inc., CN=root.linkerd.cluster.local');
      expect(root?.serialHex).toBe(reference.serialNumber.toLowerCase());
      expect(root?.notAfterMs).toBe(Date.parse(reference.validTo));
      expect(root?.fingerprintSha256).toBe(reference.fingerprint256.replaceAll(':', '').toLowerCase());
      expect(root?.isCa).toBe(true);
      const leaf = issueWorkload(loaded, { notBeforeMs: nowMs - 60_000, notAfterMs: nowMs + 3_600_000 });
      openssl.write('leaf.crt', formatCertificates([leaf.certificate]));
      expect(
        openssl.run('verify', '-x509_strict', '-CAfile', 'ca.crt', '-untrusted', 'issuer.crt', 'leaf.crt'),
      ).toBe('leaf.crt: OK\n');
      expect(
        verifyChain({ leaf: leaf.certificate, intermediates: loaded.intermediates, anchors, nowMs }).ok,
      ).toBe(true);
      expect(formatCertificateText(loaded.certificate)).toContain('pathlen:0');
    });
  },
);

describe('what the mesh does not accept', () => {
  const question = () => {
    const [leaf] = parseCertificates(openssl.read('leaf.crt'), 'leaf.crt');
    if (leaf === undefined) throw new Error('no leaf');
    return {
      leaf,
      intermediates: [],
      anchors: parseCertificates(openssl.read('ca.crt'), 'ca.crt'),
      nowMs: Date.now(),
    };
  };

  function signLeaf(extensions: string, ...signing: string[]): void {
    openssl.run('req', '-new', '-key', 'ca.key', '-subj', '/CN=x', '-out', 'leaf.csr');
    openssl.write('leaf.ext', extensions);
    openssl.run(
      'x509',
      '-req',
      '-in',
      'leaf.csr',
      '-CA',
      'ca.crt',
      '-CAkey',
      'ca.key',
      '-CAcreateserial',
      '-extfile',
      'leaf.ext',
      ...signing,
      '-out',
      'leaf.crt',
    );
  }

  it('is SHA-1, RSA-PSS, an unknown critical extension, a server without serverAuth', () => {
    makeAuthority('RSA');
    const names = 'subjectAltName=DNS:web.local\n';
    signLeaf(names);
    expect(verifyChain(question())).toMatchObject({ ok: true });
    signLeaf(names, '-sha1');
    expect(verifyChain(question())).toMatchObject({ reason: 'unsupported-algorithm' });
    signLeaf(names, '-sigopt', 'rsa_padding_mode:pss');
    expect(verifyChain(question())).toMatchObject({ reason: 'unsupported-algorithm' });
    signLeaf(`${names}1.2.3.4=critical,ASN1:NULL\n`);
    expect(verifyChain(question())).toMatchObject({ reason: 'unsupported-extension' });
    signLeaf(`${names}extendedKeyUsage=clientAuth\n`);
    expect(verifyChain(question())).toMatchObject({ reason: 'wrong-purpose' });
    expect(verifyChain({ ...question(), purpose: 'client' })).toMatchObject({ ok: true });
    signLeaf(`${names}keyUsage=critical,keyAgreement\n`);
    expect(verifyChain(question())).toMatchObject({ reason: 'wrong-purpose' });
  });

  it.each([
    ['permitted;DNS:cluster.local', 'accepted'],
    ['permitted;DNS:.cluster.local', 'accepted'],
    ['permitted;DNS:example.com', 'name-constraint'],
    ['excluded;DNS:shop.serviceaccount.identity.linkerd.cluster.local', 'name-constraint'],
    ['permitted;URI:cluster.local', 'accepted'],
    ['permitted;URI:.example.com', 'name-constraint'],
    ['permitted;email:example.com', 'accepted'],
  ])('is a name outside of the constraint %s: %s', (constraint, expected) => {
    makeAuthority('P-256');
    openssl.run(
      'req',
      '-x509',
      '-new',
      '-key',
      'ca.key',
      '-subj',
      '/CN=root',
      '-days',
      '30',
      '-addext',
      `nameConstraints=critical,${constraint}`,
      '-out',
      'ca.crt',
    );
    signLeaf(`subjectAltName=DNS:${IDENTITY},URI:${SPIFFE_ID}\n`);
    const verdict = verifyChain(question());
    expect(verdict.ok ? 'accepted' : verdict.reason).toBe(expected);
  });
});
