import {
  type Certificate,
  createTrustAnchor,
  formatCertificates,
  formatPrivateKey,
  generatePrivateKey,
  issueLeaf,
  parseCertificates,
} from '#lib/pki';

const DAY_MS = 86_400_000;
const LIFETIME_MS = 365 * DAY_MS;
/** Clocks of other machines may be behind. */
const SKEW_MS = 10 * 60_000;

export interface MintOptions {
  readonly dnsNames: readonly string[];
  readonly nowMs: number;
  /** The authority's common name. */
  readonly authority: string;
}

export interface MintedCertificate {
  readonly certPem: string;
  readonly keyPem: string;
  readonly caPem: string;
}

/** A leaf for a webhook, signed by an authority of its own whose key is forgotten at once. */
export function mintCertificate({ dnsNames, nowMs, authority }: MintOptions): MintedCertificate {
  const validity = { notBeforeMs: nowMs - SKEW_MS, notAfterMs: nowMs + LIFETIME_MS };
  const issuer = createTrustAnchor({ ...validity, commonName: authority });
  const key = generatePrivateKey();
  const leaf = issueLeaf({ ...validity, issuer, publicKey: key, dnsNames });
  return {
    certPem: formatCertificates([leaf]),
    keyPem: formatPrivateKey(key),
    caPem: formatCertificates([issuer.certificate]),
  };
}

/**
 * Two bundles as one: `first`, then what of `second` is not in it and has not ended, one authority of it at most:
 * with the one before, a rotation never breaks; more would pile up. A damaged `second` is nothing.
 */
export function joinBundles(first: string, second: string, nowMs: number): string {
  const own = parseCertificates(first, 'the new authority');
  const isKnown = (other: Certificate) => own.some(({ der }) => der.equals(other.der));
  const others = parseLenient(second).filter((other) => other.notAfterMs > nowMs && !isKnown(other));
  return formatCertificates([...own, ...others.slice(0, 1)]);
}

/** Whether two bundles hold the same certificates in the same order, however they are spelled. */
export function isSameBundle(a: string, b: string): boolean {
  const [left, right] = [parseLenient(a), parseLenient(b)];
  return (
    left.length > 0 &&
    left.length === right.length &&
    left.every(({ der }, index) => right[index]?.der.equals(der))
  );
}

function parseLenient(pem: string): readonly Certificate[] {
  try {
    return parseCertificates(pem, 'the bundle');
  } catch {
    return [];
  }
}
