import { describe, expect, it } from 'vitest';
import { create, inbound, type MessageInitShape, toDuration, toIpNetwork } from '#lib/api';
import { convertServerPolicy, createInvalidServerPolicy } from './server-policy.ts';

type ServerInit = MessageInitShape<typeof inbound.ServerSchema>;

type AuthzInit = MessageInitShape<typeof inbound.AuthzSchema>;

const ANY_V4 = { net: toIpNetwork('0.0.0.0/0')!, except: [] };
const UNAUTHENTICATED = { permit: { case: 'unauthenticated', value: {} } } as const;
const AUTHZ = {
  networks: [ANY_V4],
  authentication: UNAUTHENTICATED,
  metadata: { kind: { case: 'default' as const, value: 'all-unauthenticated' } },
} satisfies AuthzInit;
const DETECT = { kind: { case: 'detect', value: { timeout: toDuration(10_000) } } } as const;
const SERVER: ServerInit = {
  protocol: DETECT,
  authorizations: [AUTHZ],
  labels: { group: '', kind: 'default', name: 'all-unauthenticated' },
};

function convert(changes: ServerInit = {}) {
  return convertServerPolicy(create(inbound.ServerSchema, { ...SERVER, ...changes } as ServerInit));
}

function convertMeshTls(
  clients: NonNullable<MessageInitShape<typeof inbound.Authn_PermitMeshTLSSchema>['clients']>,
) {
  const authentication = { permit: { case: 'meshTLS', value: { clients } } } as const;
  return convert({ authorizations: [{ ...AUTHZ, authentication }] }).authorizations[0]?.authentication;
}

describe('convertServerPolicy()', () => {
  it('gives a server without routes the implicit route, which the authorizations of the server decide', () => {
    expect(convert()).toEqual({
      protocol: {
        kind: 'detect',
        timeoutMs: 10_000,
        routes: [
          {
            meta: expect.objectContaining({ kind: 'default', name: 'default' }),
            hosts: [],
            authorizations: [],
            rules: [{ matches: [], filters: [] }],
          },
        ],
      },
      meta: { group: '', kind: 'default', name: 'all-unauthenticated', namespace: '', section: '', port: 0 },
      authorizations: [
        {
          meta: expect.objectContaining({ kind: 'default', name: 'all-unauthenticated' }),
          networks: [{ net: { base: '0.0.0.0', prefixLength: 0 }, except: [] }],
          authentication: { kind: 'unauthenticated' },
        },
      ],
    });
  });

  it.each([
    [{ group: 'policy.linkerd.io', kind: 'server', name: 'web' }, 'policy.linkerd.io', 'server', 'web'],
    [{ name: 'web' }, 'policy.linkerd.io', 'server', 'web'],
    [{ name: 'default:deny' }, '', 'default', 'deny'],
  ])('reads the labels %j', (labels, group, kind, name) => {
    expect(convert({ labels: labels as Record<string, string> }).meta).toMatchObject({ group, kind, name });
  });

  it('reads who may connect', () => {
    expect(convertMeshTls({ case: 'unauthenticated', value: {} })).toEqual({ kind: 'tls' });
    const identities = [{ name: 'Web.Shop.local.' }, { name: 'spiffe://td/ns/a/sa/B' }];
    const suffixes = [{ parts: [] }, { parts: ['shop', 'serviceaccount'] }];
    expect(convertMeshTls({ case: 'identities', value: { identities, suffixes } })).toEqual({
      kind: 'mesh-tls',
      identities: new Set(['web.shop.local', 'spiffe://td/ns/a/sa/B']),
      suffixes: ['', 'shop.serviceaccount'],
    });
  });

  it('keeps networks in canonical form, with what they leave out', () => {
    const networks = [{ net: toIpNetwork('fd00:0:0::/16')!, except: [toIpNetwork('fd00::1')!] }];
    expect(convert({ authorizations: [{ ...AUTHZ, networks }] }).authorizations[0]?.networks).toEqual([
      { net: { base: 'fd00::', prefixLength: 16 }, except: [{ base: 'fd00::1', prefixLength: 128 }] },
    ]);
  });

  it.each(['opaque', 'tls'] as const)('takes a port that is %s', (kind) => {
    expect(convert({ protocol: { kind: { case: kind, value: {} } } }).protocol).toEqual({ kind });
  });

  it('reads routes, and marks a rule with a filter as one that fails', () => {
    const route: MessageInitShape<typeof inbound.HttpRouteSchema> = {
      metadata: {
        kind: { case: 'resource', value: { group: 'g', kind: 'HTTPRoute', name: 'r', namespace: 'n' } },
      },
      authorizations: [AUTHZ],
      rules: [
        {
          matches: [{ path: { kind: { case: 'exact', value: '/live' } } }],
          filters: [{ kind: { case: 'redirect', value: { status: 302 } } }],
        },
      ],
    };
    const { protocol } = convert({ protocol: { kind: { case: 'http1', value: { routes: [route] } } } });
    expect(protocol).toMatchObject({
      kind: 'http1',
      routes: [
        {
          meta: { group: 'g', kind: 'HTTPRoute', name: 'r', namespace: 'n' },
          rules: [{ matches: [{ path: { kind: 'exact', value: '/live' } }], filters: [{ kind: 'unknown' }] }],
        },
      ],
    });
  });

  it.each<[string, ServerInit]>([
    ['the protocol of a server is missing', { protocol: undefined as never }],
    ['the protocol of a server has no kind', { protocol: {} }],
    ['the timeout of protocol detection is missing', { protocol: { kind: { case: 'detect', value: {} } } }],
    ['the label "name" is missing', { labels: {} }],
    ['an authorization has no networks', { authorizations: [{ ...AUTHZ, networks: [] }] }],
    [
      'the authentication of an authorization has no kind',
      { authorizations: [{ ...AUTHZ, authentication: {} }] },
    ],
    [
      'the label "name" is missing',
      { authorizations: [{ networks: [ANY_V4], authentication: UNAUTHENTICATED }] },
    ],
    [
      'the mesh TLS authentication names no clients',
      { authorizations: [{ ...AUTHZ, authentication: { permit: { case: 'meshTLS', value: {} } } }] },
    ],
    [
      "a network's address is missing",
      { authorizations: [{ ...AUTHZ, networks: [{ net: { prefixLen: 0 } }] }] },
    ],
    [
      'the network 0.0.0.0/33 has too long a prefix',
      { authorizations: [{ ...AUTHZ, networks: [{ net: { ...ANY_V4.net, prefixLen: 33 } }] }] },
    ],
    ['metadata is missing', { protocol: { kind: { case: 'http2', value: { routes: [{ rules: [] }] } } } }],
    [
      'the rpc of a gRPC match is missing',
      {
        protocol: {
          kind: {
            case: 'grpc',
            value: { routes: [{ metadata: AUTHZ.metadata, rules: [{ matches: [{}] }] }] },
          },
        },
      },
    ],
  ])('refuses: %s', (message, changes) => {
    expect(() => convert(changes)).toThrow(message);
  });
});

describe('createInvalidServerPolicy()', () => {
  it('lets HTTP clients reach a rule that fails, and nobody else in', () => {
    const policy = createInvalidServerPolicy(10_000);
    expect(policy.authorizations).toEqual([]);
    expect(policy.protocol).toMatchObject({
      kind: 'detect',
      routes: [{ rules: [{ matches: [], filters: [{ kind: 'unknown' }] }] }],
    });
  });
});
