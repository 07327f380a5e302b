import { createPublicKey, type KeyObject } from 'node:crypto';
import { type identity, timestampMs } from '#lib/api';
import { MeshError } from '#lib/base';
import { type Certificate, formatCertificates, hasIdentity, parseCertificate, verifyChain } from '#lib/pki';

/** A certificate that was checked and may be used. */
export interface IssuedCertificate {
  /** Leaf first, then the intermediates. */
  readonly certificatesPem: string;
  readonly notAfterMs: number;
  /** Lower-case hexadecimal. */
  readonly serial: string;
}

export interface ExpectedCertificate {
  readonly name: string;
  readonly key: KeyObject;
  readonly anchors: readonly Certificate[];
  readonly nowMs: number;
}

/** Checks what the identity service answered. Throws a MeshError that says why it cannot be used. */
export function readIssuedCertificate(
  response: identity.CertifyResponse,
  expected: ExpectedCertificate,
): IssuedCertificate {
  const { name, anchors, nowMs } = expected;
  if (response.validUntil === undefined) throw refuse('it does not say until when it is valid');
  const validUntilMs = timestampMs(response.validUntil);
  if (!(validUntilMs > nowMs)) throw refuse('it has expired already');
  const leaf = parseCertificate(response.leafCertificate, 'The certificate of the identity service');
  const intermediates = response.intermediateCertificates.map((der) =>
    parseCertificate(der, 'An intermediate certificate of the identity service'),
  );
  for (const purpose of ['server', 'client'] as const) {
    const verdict = verifyChain({ leaf, intermediates, anchors, nowMs, purpose });
    if (!verdict.ok) throw refuse(verdict.sentence.replace(/\.$/, ''));
  }
  if (!hasIdentity(leaf, name)) throw refuse(`it is not for ${name}`);
  if (!createPublicKey(expected.key).equals(leaf.publicKey)) throw refuse("it is not for this proxy's key");
  return {
    certificatesPem: formatCertificates([leaf, ...intermediates]),
    notAfterMs: Math.min(validUntilMs, leaf.notAfterMs),
    serial: leaf.serialHex,
  };
}

function refuse(reason: string): MeshError {
  return new MeshError(
    'IDENTITY_CERTIFICATE',
    `the certificate of the identity service cannot be used: ${reason}`,
  );
}
