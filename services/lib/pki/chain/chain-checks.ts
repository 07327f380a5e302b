import type { Certificate } from '../x509/certificate.ts';
import { findForbiddenName } from '../x509/name-constraint.ts';
import { OID } from '../x509/oids.ts';
import { verifySignature } from '../x509/signature.ts';
import { formatTime } from '../x509/validity.ts';

/** Why a chain is refused. */
export type ChainRefusal =
  | 'expired'
  | 'not-yet-valid'
  | 'unknown-authority'
  | 'bad-signature'
  | 'unsupported-algorithm'
  | 'unsupported-extension'
  | 'not-a-ca'
  | 'is-a-ca'
  | 'path-length'
  | 'wrong-purpose'
  | 'name-constraint'
  | 'chain-too-long';

export interface RefusedChain {
  readonly ok: false;
  readonly reason: ChainRefusal;
  readonly certificate: Certificate;
  /** The name of that certificate, which is at fault. */
  readonly subject: string;
  /** One sentence that says the same to a person. */
  readonly sentence: string;
}

export type ChainPurpose = 'server' | 'client' | 'issuer';

const UNDERSTOOD_EXTENSIONS: ReadonlySet<string> = new Set([
  OID.basicConstraints,
  OID.keyUsage,
  OID.extendedKeyUsage,
  OID.subjectAltName,
  OID.subjectKeyIdentifier,
  OID.authorityKeyIdentifier,
  OID.nameConstraints,
]);

export function checkSignature(certificate: Certificate, authority: Certificate): RefusedChain | undefined {
  const verdict = verifySignature(certificate.signed, authority.publicKey);
  if (verdict === 'good') return undefined;
  if (verdict === 'unsupported') {
    const how = `${certificate.signatureAlgorithm} by a key of the kind ${authority.keyAlgorithm}`;
    return refuse(
      'unsupported-algorithm',
      certificate,
      `is signed with ${how}, which the mesh does not accept`,
    );
  }
  // Two authorities may share a name; the key identifier tells that another one signed.
  const { authorityKeyId } = certificate;
  const isOther = authorityKeyId && authority.subjectKeyId && !authorityKeyId.equals(authority.subjectKeyId);
  if (isOther) return refuseUnknown(certificate);
  return refuse('bad-signature', certificate, `is not signed by the key of "${nameCertificate(authority)}"`);
}

export function checkOwnFields(certificate: Certificate, nowMs: number): RefusedChain | undefined {
  if (nowMs < certificate.notBeforeMs) {
    return refuse('not-yet-valid', certificate, `is not valid before ${formatTime(certificate.notBeforeMs)}`);
  }
  // X.509 counts whole seconds, and the last one is valid to its end.
  if (nowMs >= certificate.notAfterMs + 1000) {
    return refuse('expired', certificate, `expired at ${formatTime(certificate.notAfterMs)}`);
  }
  const unknown = certificate.extensions.find(
    ({ oid, critical }) => critical && !UNDERSTOOD_EXTENSIONS.has(oid),
  );
  if (unknown === undefined) return undefined;
  return refuse(
    'unsupported-extension',
    certificate,
    `has the critical extension ${unknown.oid}, which the mesh does not know`,
  );
}

export function checkLeaf(leaf: Certificate, purpose: ChainPurpose): RefusedChain | undefined {
  if (purpose === 'issuer') return checkIsAuthority(leaf, false);
  if (leaf.isCa) return refuse('is-a-ca', leaf, 'is a certificate authority; a workload may not present one');
  if (leaf.keyUsage && !leaf.keyUsage.includes('digitalSignature')) {
    return refuse('wrong-purpose', leaf, 'has a key usage without digitalSignature');
  }
  return checkPurpose(leaf, purpose);
}

function checkPurpose(certificate: Certificate, purpose: ChainPurpose): RefusedChain | undefined {
  const uses = certificate.extendedKeyUsage;
  if (uses === undefined || purpose === 'issuer' || uses.includes(OID.anyExtendedKeyUsage)) return undefined;
  if (uses.includes(purpose === 'server' ? OID.serverAuth : OID.clientAuth)) return undefined;
  return refuse('wrong-purpose', certificate, `is not meant for a TLS ${purpose}`);
}

function checkIsAuthority(certificate: Certificate, isAnchor: boolean): RefusedChain | undefined {
  // A certificate of version 1 cannot say that it is an authority; of an anchor the user has said so.
  const isSaidToBe = isAnchor && certificate.version === 1;
  if (!certificate.isCa && !isSaidToBe) {
    return refuse(
      'not-a-ca',
      certificate,
      'is not a certificate authority (basicConstraints CA:TRUE is missing)',
    );
  }
  if (certificate.keyUsage && !certificate.keyUsage.includes('keyCertSign')) {
    return refuse('not-a-ca', certificate, 'may not sign certificates (key usage keyCertSign is missing)');
  }
  return undefined;
}

export function checkAuthority(
  authority: Certificate,
  path: readonly Certificate[],
  { purpose, isAnchor }: { purpose: ChainPurpose; isAnchor: boolean },
): RefusedChain | undefined {
  const refusal = checkIsAuthority(authority, isAnchor) ?? checkPurpose(authority, purpose);
  if (refusal) return refusal;
  const below = purpose === 'issuer' ? path : path.slice(1);
  const count = below.filter(({ subject, issuer }) => !subject.der.equals(issuer.der)).length;
  if (authority.pathLength === undefined || count <= authority.pathLength) return undefined;
  const limit = `allows ${authority.pathLength} authorities below it (path length), and there are ${count}`;
  return refuse('path-length', authority, limit);
}

export function checkNames(authority: Certificate, path: readonly Certificate[]): RefusedChain | undefined {
  if (authority.nameConstraints === undefined) return undefined;
  for (const { subject, subjectAltNames } of path) {
    const subjectName = subject.text === '' ? [] : [{ kind: 'directory', value: subject.text } as const];
    const name = findForbiddenName(authority.nameConstraints, [...subjectAltNames, ...subjectName]);
    if (name !== undefined)
      return refuse('name-constraint', authority, `may not vouch for the name "${name}"`);
  }
  return undefined;
}

export function refuseUnknown(certificate: Certificate): RefusedChain {
  const issuer = certificate.issuer.text || 'an authority without a name';
  return refuse(
    'unknown-authority',
    certificate,
    `was issued by "${issuer}", which leads to none of the trust anchors`,
  );
}

export function refuse(reason: ChainRefusal, certificate: Certificate, what: string): RefusedChain {
  const subject = nameCertificate(certificate);
  return { ok: false, reason, certificate, subject, sentence: `The certificate "${subject}" ${what}.` };
}

/** What a person calls a certificate: its subject, else its first name, else its serial number. */
export function nameCertificate(certificate: Certificate): string {
  return (
    certificate.subject.text || certificate.subjectAltNames[0]?.value || `serial ${certificate.serialHex}`
  );
}
