import { formatCertificates, formatPrivateKey } from '#lib/pki';
import { createAuthority } from '../../integration/mesh/authority.ts';

const DAY_MS = 86_400_000;

/** What a user brings to an installation, in PEM. */
export interface MeshCertificates {
  readonly trustAnchors: string;
  readonly issuerCert: string;
  readonly issuerKey: string;
}

/** A trust anchor of one's own and an issuer that it has signed. */
export function createCertificates(): MeshCertificates {
  const { anchor, issuer } = createAuthority({
    notBeforeMs: Date.now() - DAY_MS,
    notAfterMs: Date.now() + 10 * DAY_MS,
  });
  return {
    trustAnchors: formatCertificates([anchor.certificate]),
    issuerCert: formatCertificates([issuer.certificate]),
    issuerKey: formatPrivateKey(issuer.key),
  };
}
