import { describe, expect, it } from 'vitest';
import { generatePrivateKey } from '../keys.ts';
import { createAuthority, IDENTITY, issueWorkload, SPIFFE_ID, VALIDITY } from '../testing/authority.ts';
import { issueLeaf } from '../x509/issuance.ts';
import { hasIdentity, readPeerIdentities, readPeerIdentity } from './peer-identity.ts';

const { issuer } = createAuthority();
const leaf = issueWorkload(issuer).certificate;

function issueNamed(names: { commonName?: string; dnsNames: string[]; uris?: string[] }) {
  return issueLeaf({ ...VALIDITY, ...names, issuer, publicKey: generatePrivateKey() });
}

describe('hasIdentity()', () => {
  it('takes the DNS name in any case, and the URI as it is', () => {
    expect(hasIdentity(leaf, IDENTITY)).toBe(true);
    expect(hasIdentity(leaf, IDENTITY.toUpperCase())).toBe(true);
    expect(hasIdentity(leaf, SPIFFE_ID)).toBe(true);
    expect(hasIdentity(leaf, SPIFFE_ID.toUpperCase())).toBe(false);
  });

  it('does not take another name, a part of the name, or the common name', () => {
    expect(hasIdentity(leaf, `x${IDENTITY}`)).toBe(false);
    expect(hasIdentity(leaf, 'cluster.local')).toBe(false);
    expect(hasIdentity(issueNamed({ commonName: 'web', dnsNames: ['other'] }), 'web')).toBe(false);
  });
});

describe('readPeerIdentity()', () => {
  it('is the first DNS name or URI, and readPeerIdentities() all of them', () => {
    expect(readPeerIdentity(leaf)).toBe(IDENTITY);
    expect(readPeerIdentities(leaf)).toEqual([IDENTITY, SPIFFE_ID]);
    expect(readPeerIdentity(issueNamed({ dnsNames: [], uris: [SPIFFE_ID] }))).toBe(SPIFFE_ID);
    expect(readPeerIdentity(issueNamed({ dnsNames: ['WEB.Local'] }))).toBe('web.local');
  });

  it('is nobody for a certificate without such names', () => {
    expect(readPeerIdentity(issuer.certificate)).toBeUndefined();
  });
});
