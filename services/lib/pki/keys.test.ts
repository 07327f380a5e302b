import { createPublicKey } from 'node:crypto';
import { afterAll, describe, expect, it } from 'vitest';
import { describeKey, formatPrivateKey, generatePrivateKey, parsePrivateKey } from './keys.ts';
import { createOpensslFolder } from './testing/openssl.ts';

const openssl = createOpensslFolder();
afterAll(() => openssl.remove());

/** A key made by openssl, and its public half as openssl sees it. */
function makeKey(...args: string[]): { pem: string; publicPem: string } {
  openssl.run(...args, '-out', 'k.pem');
  return { pem: openssl.read('k.pem'), publicPem: openssl.run('pkey', '-in', 'k.pem', '-pubout') };
}

describe('parsePrivateKey()', () => {
  it.each([
    ['PKCS#8', 'ECDSA P-256', ['genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256']],
    ['SEC1 after EC PARAMETERS', 'ECDSA P-384', ['ecparam', '-name', 'secp384r1', '-genkey']],
    ['PKCS#1', 'RSA 2048', ['genrsa', '-traditional']],
    ['PKCS#8', 'RSA 2048', ['genpkey', '-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048']],
  ])('reads the %s key %s of openssl', (_form, kind, args) => {
    const { pem, publicPem } = makeKey(...args);
    const key = parsePrivateKey(pem, 'k.pem');
    expect(describeKey(key)).toBe(kind);
    expect(createPublicKey(key).export({ type: 'spki', format: 'pem' })).toBe(publicPem);
  });

  it('writes keys that openssl reads', () => {
    const key = generatePrivateKey();
    openssl.write('own.pem', formatPrivateKey(key));
    expect(openssl.run('pkey', '-in', 'own.pem', '-text', '-noout')).toContain('NIST CURVE: P-256');
  });

  it('says what to do about an encrypted key, in both of its forms', () => {
    openssl.run(
      'genpkey',
      '-algorithm',
      'EC',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-aes128',
      '-pass',
      'pass:x',
      '-out',
      'e.pem',
    );
    openssl.run('genrsa', '-traditional', '-aes128', '-passout', 'pass:x', '-out', 'old.pem', '2048');
    for (const file of ['e.pem', 'old.pem']) {
      expect(() => parsePrivateKey(openssl.read(file), 'key.pem')).toThrow(
        /key\.pem holds an encrypted private key; decrypt it/,
      );
    }
  });

  it('names what stands in place of a key, and which block is no key', () => {
    const certificate = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
    expect(() => parsePrivateKey(certificate, 'key.pem')).toThrow(
      'key.pem holds no private key but CERTIFICATE;',
    );
    const garbage = certificate.replaceAll('CERTIFICATE', 'PRIVATE KEY');
    expect(() => parsePrivateKey(garbage, 'key.pem')).toThrow(
      /^key\.pem: the private key in PEM block 1 \(line 1\) is unreadable: /,
    );
  });
});
