import { describe, expect, it } from 'vitest';
import type { CertificateRequest, SubjectAltName } from '#lib/pki';
import { createCertificateRequest, generatePrivateKey, parseCertificateRequest } from '#lib/pki';
import { checkRequestedNames } from './csr-names.ts';

const NAME = 'web.local';
const parsed = parseCertificateRequest(createCertificateRequest(NAME, generatePrivateKey()));
const dns = (value: string): SubjectAltName => ({ kind: 'dns', value });

function check(changes: { names?: readonly SubjectAltName[]; commonName?: string }): () => void {
  const subject = {
    ...parsed.subject,
    ...(changes.commonName !== undefined && { commonName: changes.commonName }),
  };
  const request: CertificateRequest = { ...parsed, subject, subjectAltNames: changes.names ?? [dns(NAME)] };
  return () => checkRequestedNames(request, NAME);
}

describe('checkRequestedNames()', () => {
  it('takes one DNS name, with the same common name or none', () => {
    expect(check({})).not.toThrow();
    expect(check({ commonName: '' })).not.toThrow();
  });

  it.each([
    [{ names: [] }, 'asks for 0 DNS names; it must ask for exactly one, "web.local".'],
    [{ names: [dns(NAME), dns(NAME)] }, 'asks for 2 DNS names'],
    [{ names: [dns('WEB.local')] }, 'asks for the DNS name "WEB.local" instead of "web.local".'],
    [{ commonName: 'db.local' }, 'has the common name "db.local"; it must be "web.local" or empty.'],
    [
      { names: [dns(NAME), { kind: 'uri', value: 'spiffe://a/b' } as const] },
      'asks for a URI ("spiffe://a/b"); it may only ask for a DNS name.',
    ],
    [{ names: [dns(NAME), { kind: 'email', value: 'a@b' } as const] }, 'asks for an email address'],
    [{ names: [dns(NAME), { kind: 'ip', value: '10.0.0.1' } as const] }, 'asks for an IP address'],
    [{ names: [dns(NAME), { kind: 'other', value: '0' } as const] }, 'asks for a name of another kind'],
  ])('refuses %j', (changes, sentence) => {
    expect(check(changes)).toThrow(sentence);
  });
});
