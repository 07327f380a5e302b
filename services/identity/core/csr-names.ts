import type { CertificateRequest, SubjectAltName } from '#lib/pki';
import { createRefusal } from './refusal.ts';

const KIND_NAMES: Readonly<Record<Exclude<SubjectAltName['kind'], 'dns'>, string>> = {
  email: 'an email address',
  ip: 'an IP address',
  uri: 'a URI',
  other: 'a name of another kind',
};

/**
 * A request may name its identity and nothing else: one DNS name, the same or no common name. The SPIFFE ID is added
 * by the CA, never asked for. Throws IDENTITY_CSR_REFUSED. Source: facts sheet control-plane, section 1.
 */
export function checkRequestedNames(request: CertificateRequest, identity: string): void {
  const dnsNames = request.subjectAltNames.filter(({ kind }) => kind === 'dns').map(({ value }) => value);
  if (dnsNames.length !== 1) {
    throw refuse(`asks for ${dnsNames.length} DNS names; it must ask for exactly one, "${identity}"`);
  }
  if (dnsNames[0] !== identity)
    throw refuse(`asks for the DNS name "${dnsNames[0]}" instead of "${identity}"`);
  const { commonName = '' } = request.subject;
  if (commonName !== '' && commonName !== identity) {
    throw refuse(`has the common name "${commonName}"; it must be "${identity}" or empty`);
  }
  for (const { kind, value } of request.subjectAltNames) {
    if (kind !== 'dns')
      throw refuse(`asks for ${KIND_NAMES[kind]} ("${value}"); it may only ask for a DNS name`);
  }
}

function refuse(what: string): Error {
  return createRefusal('IDENTITY_CSR_REFUSED', `The certificate signing request ${what}.`);
}
