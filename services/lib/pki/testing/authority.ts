import { generatePrivateKey } from '../keys.ts';
import { type Credentials, createTrustAnchor, issueIssuer, issueLeaf } from '../x509/issuance.ts';

/** A time that all tests of this room stand at. */
export const NOW_MS = Date.UTC(2026, 10, 21, 12);
export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

/** Valid from a day before to ten days after NOW_MS. */
export const VALIDITY = { notBeforeMs: NOW_MS - DAY_MS, notAfterMs: NOW_MS + 10 * DAY_MS };

export const IDENTITY = 'web.shop.serviceaccount.identity.linkerd.cluster.local';
export const SPIFFE_ID = 'spiffe://cluster.local/ns/shop/sa/web';

export function createAuthority(): { anchor: Credentials; issuer: Credentials } {
  const anchor = createTrustAnchor({ ...VALIDITY, commonName: 'root.linkerd.cluster.local' });
  return {
    anchor,
    issuer: issueIssuer({ ...VALIDITY, anchor, commonName: 'identity.linkerd.cluster.local' }),
  };
}

export function issueWorkload(issuer: Credentials, validity = VALIDITY): Credentials {
  const key = generatePrivateKey();
  const names = { commonName: IDENTITY, dnsNames: [IDENTITY], uris: [SPIFFE_ID] };
  return { key, certificate: issueLeaf({ ...validity, ...names, issuer, publicKey: key }) };
}
