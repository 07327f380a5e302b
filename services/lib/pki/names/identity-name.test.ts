import { describe, expect, it } from 'vitest';
import { formatIdentity, parseIdentity } from './identity-name.ts';
import {
  convertIdentityToSpiffeId,
  convertSpiffeIdToIdentity,
  isSpiffeId,
  isTrustDomain,
  parseSpiffeId,
  parseSpiffeWorkload,
} from './spiffe-id.ts';

const NAME = {
  serviceAccount: 'web',
  namespace: 'shop',
  controlPlaneNamespace: 'linkerd',
  trustDomain: 'cluster.local',
};
const TEXT = 'web.shop.serviceaccount.identity.linkerd.cluster.local';
const SPIFFE = 'spiffe://cluster.local/ns/shop/sa/web';

describe('identity names', () => {
  it('are written and read', () => {
    expect(formatIdentity(NAME)).toBe(TEXT);
    expect(parseIdentity(TEXT)).toEqual(NAME);
  });

  it('are read in any case and with a trailing dot', () => {
    expect(parseIdentity(`${TEXT.toUpperCase()}.`)).toEqual(NAME);
  });

  it.each([
    '',
    'web.shop.serviceaccount.identity.linkerd',
    'web.shop.node.identity.linkerd.cluster.local',
    'web.shop.serviceaccount.id.linkerd.cluster.local',
    '-web.shop.serviceaccount.identity.linkerd.cluster.local',
    'web..serviceaccount.identity.linkerd.cluster.local',
    `${'a'.repeat(64)}.shop.serviceaccount.identity.linkerd.cluster.local`,
    `web.shop.serviceaccount.identity.linkerd.${'a.'.repeat(110)}local`,
    'web.shop.serviceaccount.identity.linkerd.cluster_local',
  ])('refuse %j', (text) => {
    expect(() => parseIdentity(text)).toThrow(expect.objectContaining({ code: 'PKI_IDENTITY_INVALID' }));
  });

  it('refuse to be written with a service account that holds a dot', () => {
    expect(() => formatIdentity({ ...NAME, serviceAccount: 'a.b' })).toThrow(/made of DNS labels/);
  });
});

describe('SPIFFE IDs', () => {
  it('are converted from and to DNS identities', () => {
    expect(convertIdentityToSpiffeId(TEXT)).toBe(SPIFFE);
    expect(convertSpiffeIdToIdentity(SPIFFE, 'linkerd')).toBe(TEXT);
  });

  it('of any path are read', () => {
    expect(parseSpiffeId('spiffe://example.org/a/B_c.d')).toEqual({
      trustDomain: 'example.org',
      path: ['a', 'B_c.d'],
    });
    expect(parseSpiffeId('spiffe://example.org')).toEqual({ trustDomain: 'example.org', path: [] });
  });

  it.each([
    'https://cluster.local/ns/shop/sa/web',
    'spiffe://',
    'spiffe://Cluster.local/a',
    'spiffe://user@cluster.local/a',
    'spiffe://cluster.local:443/a',
    'spiffe://cluster.local/',
    'spiffe://cluster.local//a',
    'spiffe://cluster.local/a/../b',
    'spiffe://cluster.local/a?b',
    'spiffe://cluster.local/a#b',
    'spiffe://cluster.local/%61',
    `spiffe://cluster.local/${'a'.repeat(2048)}`,
  ])('refuse %j', (text) => {
    expect(isSpiffeId(text)).toBe(false);
  });

  it('of other shapes name no service account', () => {
    expect(() => parseSpiffeWorkload('spiffe://cluster.local/vm/7')).toThrow(/names no service account/);
  });

  it('hold trust domains of up to 255 lower-case characters', () => {
    expect(isTrustDomain('a'.repeat(255))).toBe(true);
    expect(isTrustDomain('a'.repeat(256))).toBe(false);
    expect(isTrustDomain('A')).toBe(false);
  });
});
