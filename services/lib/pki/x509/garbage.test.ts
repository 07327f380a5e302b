import { describe, expect, it } from 'vitest';
import { MeshError, seededRandom } from '#lib/base';
import { formatCertificateText } from '../certificate-text.ts';
import { loadIssuer } from '../chain/issuer.ts';
import { verifyChain } from '../chain/verification.ts';
import { formatPrivateKey, generatePrivateKey, parsePrivateKey } from '../keys.ts';
import { createAuthority, IDENTITY, issueWorkload, NOW_MS } from '../testing/authority.ts';
import { formatCertificates, parseCertificate, parseCertificates } from './certificate.ts';
import {
  createCertificateRequest,
  parseCertificateRequest,
  verifyCertificateRequest,
} from './certificate-request.ts';

const random = seededRandom(20_261_121);
const { anchor, issuer } = createAuthority();
const leaf = issueWorkload(issuer).certificate;
const request = createCertificateRequest(IDENTITY, generatePrivateKey());
const ROUNDS = 3000;

function pick(limit: number): number {
  return Math.floor(random() * limit);
}

/** Flips, drops, doubles or inserts bytes, or cuts the end off. */
function damage(bytes: Buffer): Buffer {
  const at = pick(bytes.length);
  const until = Math.min(bytes.length, at + 1 + pick(8));
  switch (pick(5)) {
    case 0:
      return Buffer.concat([bytes.subarray(0, at), Buffer.from([pick(256)]), bytes.subarray(at + 1)]);
    case 1:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(until)]);
    case 2:
      return Buffer.concat([bytes.subarray(0, until), bytes.subarray(at)]);
    case 3:
      return Buffer.from(Array.from({ length: pick(200) }, () => pick(256)));
    default:
      return bytes.subarray(0, at);
  }
}

/** Runs a reader; anything but a MeshError escapes and fails the test. */
function survive(read: () => void): boolean {
  try {
    read();
    return true;
  } catch (error) {
    if (!(error instanceof MeshError)) throw error;
    expect(error.message).toMatch(/[.;]$/);
    return false;
  }
}

describe('damaged input', () => {
  it('as a certificate is refused by a MeshError or read, and then verified without trouble', () => {
    let refused = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const bytes = damage(round % 2 ? leaf.der : issuer.certificate.der);
      const isRead = survive(() => {
        const certificate = parseCertificate(bytes);
        formatCertificateText(certificate);
        const anchors = [anchor.certificate];
        verifyChain({
          leaf: certificate,
          intermediates: [certificate, issuer.certificate],
          anchors,
          nowMs: NOW_MS,
        });
        verifyChain({ leaf, intermediates: [certificate], anchors: [certificate], nowMs: NOW_MS });
      });
      if (!isRead) refused++;
    }
    expect(refused).toBeGreaterThan(ROUNDS / 2);
  });

  it('as a request is refused by a MeshError or read', () => {
    let accepted = 0;
    for (let round = 0; round < ROUNDS; round++) {
      survive(() => {
        const bytes = damage(request);
        if (verifyCertificateRequest(parseCertificateRequest(bytes)) && !bytes.equals(request)) accepted++;
      });
    }
    expect(accepted).toBe(0);
  });

  it('as PEM is refused by a MeshError or read', () => {
    const certPem = formatCertificates([issuer.certificate]);
    const keyPem = formatPrivateKey(issuer.key);
    const anchorsPem = formatCertificates([anchor.certificate]);
    for (let round = 0; round < ROUNDS / 3; round++) {
      const broken = (pem: string) => damage(Buffer.from(pem)).toString('latin1');
      survive(() => parseCertificates(broken(certPem), 'x.pem'));
      survive(() => parsePrivateKey(broken(keyPem), 'x.pem'));
      survive(() => loadIssuer({ certPem: broken(certPem), keyPem, anchorsPem, nowMs: NOW_MS }));
    }
  });

  it('nested a thousand deep, or of a huge stated length, is refused', () => {
    expect(survive(() => parseCertificate(Buffer.from('3080'.repeat(1000), 'hex')))).toBe(false);
    expect(survive(() => parseCertificate(Buffer.from('30847fffffff0201', 'hex')))).toBe(false);
  });
});
