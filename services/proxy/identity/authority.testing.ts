import { create, identity, timestampFromMs } from '#lib/api';
import {
  type Credentials,
  createTrustAnchor,
  formatCertificates,
  issueIssuer,
  issueLeaf,
  parseCertificateRequest,
  type Validity,
} from '#lib/pki';

export const LOCAL_NAME = 'web.shop.serviceaccount.identity.linkerd.cluster.local';

const HOUR_MS = 3_600_000;

/** An authority that is valid now, for tests that make real handshakes. */
export interface TestAuthority {
  readonly anchor: Credentials;
  readonly issuer: Credentials;
  readonly anchorsPem: string;
}

export function createTestAuthority(validity: Validity = validityFor(HOUR_MS)): TestAuthority {
  const anchor = createTrustAnchor({ ...validity, commonName: 'root.linkerd.cluster.local' });
  const issuer = issueIssuer({ ...validity, anchor, commonName: 'identity.linkerd.cluster.local' });
  return { anchor, issuer, anchorsPem: formatCertificates([anchor.certificate]) };
}

/** From a while ago to so long from now. */
export function validityFor(ms: number): Validity {
  return { notBeforeMs: Date.now() - HOUR_MS, notAfterMs: Date.now() + ms };
}

/** The answer of an identity service that asks no questions; `name` other than asked for makes it a wrong one. */
export function certifyWith(
  authority: TestAuthority,
  request: identity.CertifyRequest,
  options: { readonly lifetimeMs?: number; readonly name?: string } = {},
): identity.CertifyResponse {
  const validity = validityFor(options.lifetimeMs ?? HOUR_MS);
  const { publicKey } = parseCertificateRequest(request.certificateSigningRequest);
  const name = options.name ?? request.identity;
  const leaf = issueLeaf({
    ...validity,
    issuer: authority.issuer,
    publicKey,
    commonName: name,
    dnsNames: [name],
  });
  return create(identity.CertifyResponseSchema, {
    leafCertificate: leaf.der,
    intermediateCertificates: [authority.issuer.certificate.der],
    validUntil: timestampFromMs(validity.notAfterMs),
  });
}
