import { describe, expect, it } from 'vitest';
import type { DefaultPolicyName } from '../config.ts';
import { authorize, type ClientInfo } from './authorize.ts';
import { authorizationOf } from './connection.testing.ts';
import { createDefaultServerPolicy } from './default-policy.ts';
import { matcherOf } from './network-match.ts';
import type { Authentication, Cidr, Network } from './server-policy.ts';

const cidr = (text: string): Cidr => {
  const [base = '', length] = text.split('/');
  return { base, prefixLength: Number(length) };
};
const network = (net: string, ...except: string[]): Network => ({ net: cidr(net), except: except.map(cidr) });

const PLAIN: ClientInfo = { ip: '10.0.0.5', isTls: false, identity: undefined };
const ANONYMOUS: ClientInfo = { ...PLAIN, isTls: true };
const CART: ClientInfo = {
  ...ANONYMOUS,
  identity: 'cart.shop.serviceaccount.identity.linkerd.cluster.local',
};
const SPIFFE: ClientInfo = { ...ANONYMOUS, identity: 'spiffe://root/ns/shop/sa/cart' };

describe('matcherOf', () => {
  it.each<[string, readonly Network[], string[], string[]]>([
    ['IPv4', [network('10.0.0.0/8')], ['10.0.0.0', '10.255.255.255'], ['11.0.0.0', '::1', 'fd00::a']],
    ['one address', [network('10.1.2.3/32')], ['10.1.2.3'], ['10.1.2.4']],
    ['IPv6', [network('fd00::/8')], ['fd00::1', 'fdff::'], ['fe80::1', '10.0.0.1']],
    ['everything of a family', [network('0.0.0.0/0')], ['1.2.3.4'], ['::1']],
    [
      'exceptions',
      [network('10.0.0.0/8', '10.1.0.0/16', '10.2.0.1/32')],
      ['10.2.0.2'],
      ['10.1.9.9', '10.2.0.1'],
    ],
    [
      'an exception of one network, admitted by another',
      [network('10.0.0.0/8', '10.1.0.0/16'), network('10.1.1.0/24')],
      ['10.1.1.1'],
      ['10.1.2.1'],
    ],
    ['no network', [], [], ['10.0.0.1']],
  ])('%s', (_name, networks, inside, outside) => {
    const matches = matcherOf(networks);
    expect(inside.filter(matches)).toEqual(inside);
    expect(outside.filter(matches)).toEqual([]);
  });
});

describe('authorize', () => {
  const meshTls = (identities: string[], suffixes: string[] = []): Authentication => ({
    kind: 'mesh-tls',
    identities: new Set(identities),
    suffixes,
  });
  const admits = (authentication: Authentication) =>
    Object.entries({ PLAIN, ANONYMOUS, CART, SPIFFE })
      .filter(([, client]) => authorize([authorizationOf('a', { authentication })], client) !== undefined)
      .map(([name]) => name);

  it.each<[Authentication, string[]]>([
    [{ kind: 'unauthenticated' }, ['PLAIN', 'ANONYMOUS', 'CART', 'SPIFFE']],
    [{ kind: 'tls' }, ['ANONYMOUS', 'CART', 'SPIFFE']],
    [meshTls([], ['']), ['CART', 'SPIFFE']],
    [meshTls([CART.identity!]), ['CART']],
    [meshTls([SPIFFE.identity!]), ['SPIFFE']],
    [meshTls([], ['shop.serviceaccount.identity.linkerd.cluster.local']), ['CART']],
    // A suffix ends at a label, and is no name by itself.
    [meshTls([], ['hop.serviceaccount.identity.linkerd.cluster.local']), []],
    [meshTls([], [CART.identity!]), []],
    // Suffixes are of DNS names only.
    [meshTls([], ['cart']), []],
    [meshTls([]), []],
  ])('%o admits %o', (authentication, names) => {
    expect(admits(authentication)).toEqual(names);
  });

  it('names the first that admits', () => {
    const authorizations = [
      authorizationOf('elsewhere', { networks: [network('192.168.0.0/16')] }),
      authorizationOf('meshed', { authentication: meshTls([], ['']) }),
      authorizationOf('anybody'),
    ];
    expect(authorize(authorizations, CART)?.name).toBe('meshed');
    expect(authorize(authorizations, PLAIN)?.name).toBe('anybody');
  });

  it('always lets the pod talk to itself', () => {
    for (const ip of ['127.0.0.1', '::1']) expect(authorize([], { ...PLAIN, ip })?.name).toBe('localhost');
    expect(authorize([], PLAIN)).toBeUndefined();
    expect(authorize([authorizationOf('named')], { ...PLAIN, ip: '127.0.0.1' })?.name).toBe('named');
  });
});

describe('createDefaultServerPolicy', () => {
  const clients = {
    PLAIN,
    CART,
    OUTSIDE: { ...PLAIN, ip: '203.0.113.9' },
    OUTSIDE_CART: { ...CART, ip: '203.0.113.9' },
  };
  const create = (name: DefaultPolicyName, isOpaque = false) =>
    createDefaultServerPolicy({
      name,
      isOpaque,
      clusterNetworks: ['10.0.0.0/8', 'fd00::/8'],
      detectTimeoutMs: 10_000,
    });

  it.each<[DefaultPolicyName, string[]]>([
    ['deny', []],
    ['all-unauthenticated', ['PLAIN', 'CART', 'OUTSIDE', 'OUTSIDE_CART']],
    ['all-authenticated', ['CART', 'OUTSIDE_CART']],
    ['cluster-unauthenticated', ['PLAIN', 'CART']],
    ['cluster-authenticated', ['CART']],
    ['audit', ['PLAIN', 'CART', 'OUTSIDE', 'OUTSIDE_CART']],
  ])('%s admits %o', (name, admitted) => {
    const { authorizations, meta } = create(name);
    const names = Object.entries(clients).filter(
      ([, client]) => authorize(authorizations, client) !== undefined,
    );
    expect(names.map(([client]) => client)).toEqual(admitted);
    expect(meta).toMatchObject({ kind: 'default', name, group: '', namespace: '' });
    expect(authorize(authorizations, CART)?.name).toBe(name === 'deny' ? undefined : name);
  });

  it('detects, but for opaque ports and deny', () => {
    expect(create('all-unauthenticated').protocol).toEqual({ kind: 'detect', timeoutMs: 10_000, routes: [] });
    expect(create('all-unauthenticated', true).protocol).toEqual({ kind: 'opaque' });
    expect(create('deny').protocol).toEqual({ kind: 'opaque' });
  });
});
