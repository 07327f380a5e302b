import type { Certificate } from '../x509/certificate.ts';
import type { SubjectAltName } from '../x509/general-name.ts';
import { normalizeDnsName } from './identity-name.ts';

/**
 * Whether a leaf carries the identity that is expected of a peer: one of its DNS names (in any case) or of its URIs.
 * The common name counts for nothing. Source: facts sheet proxy-wire, section 3.
 */
export function hasIdentity(leaf: Certificate, expected: string): boolean {
  const wanted = normalizeDnsName(expected);
  return leaf.subjectAltNames.some((name) => {
    if (name.kind === 'uri') return name.value === expected;
    return name.kind === 'dns' && normalizeDnsName(name.value) === wanted;
  });
}

/** Who a peer is: the first DNS name or URI of its leaf. Undefined for a leaf that has neither. */
export function readPeerIdentity(leaf: Certificate): string | undefined {
  const name = leaf.subjectAltNames.find(isIdentity);
  if (name === undefined) return undefined;
  return name.kind === 'dns' ? normalizeDnsName(name.value) : name.value;
}

/** Every identity that a leaf carries, in its order: policy may name any of them. */
export function readPeerIdentities(leaf: Certificate): readonly string[] {
  return leaf.subjectAltNames
    .filter(isIdentity)
    .map((name) => (name.kind === 'dns' ? normalizeDnsName(name.value) : name.value));
}

function isIdentity(name: SubjectAltName): boolean {
  return name.kind === 'dns' || name.kind === 'uri';
}
