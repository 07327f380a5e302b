import { describe, expect, it } from 'vitest';
import { create, destination, type MessageInitShape, toDuration, toTcpAddress } from '#lib/api';
import { convertEndpoint } from './endpoint.ts';
import { convertEndpointsUpdate } from './endpoints-update.ts';
import { convertProfile } from './profile.ts';

type AddrInit = MessageInitShape<typeof destination.WeightedAddrSchema>;

const at = (host: string, port = 80) => toTcpAddress({ host, port })!;
const convert = (init: AddrInit, setLabels = {}) =>
  convertEndpoint(
    create(destination.WeightedAddrSchema, { addr: at('10.0.0.1'), ...init } as AddrInit),
    setLabels,
  );
const update = (value: MessageInitShape<typeof destination.UpdateSchema>['update'], isFirst = true) =>
  convertEndpointsUpdate(create(destination.UpdateSchema, { update: value! }), isFirst);
const dns = (name: string) => ({ strategy: { case: 'dnsLikeIdentity', value: { name } } }) as const;
const uri = (value: string) => ({ strategy: { case: 'uriLikeIdentity', value: { uri: value } } }) as const;

describe('convertEndpoint()', () => {
  it('reads a meshed pod as the destination controller describes it', () => {
    const endpoint = convert(
      {
        metricLabels: { pod: 'web-1', zone_locality: 'local' },
        tlsIdentity: { ...dns('Web.shop.local.'), serverName: { name: 'web.shop.local' } },
        protocolHint: { protocol: { case: 'h2', value: {} }, opaqueTransport: { inboundPort: 4143 } },
        http2: { keepAlive: { interval: toDuration(10_000), timeout: toDuration(3000), whileIdle: true } },
      },
      { service: 'web', pod: 'less' },
    );
    expect(endpoint).toEqual({
      address: { host: '10.0.0.1', port: 80 },
      tls: { serverId: 'web.shop.local', serverName: 'web.shop.local' },
      hint: 'h2',
      opaqueTransportPort: 4143,
      authorityOverride: undefined,
      labels: { dst_pod: 'web-1', dst_service: 'web', dst_zone_locality: 'local' },
      zoneLocality: 'local',
      keepAlive: { intervalMs: 10_000, timeoutMs: 3000, whileIdle: true },
    });
    expect(Object.keys(endpoint!.labels)).toEqual(['dst_pod', 'dst_service', 'dst_zone_locality']);
  });

  it('knows nothing of an unmeshed pod', () => {
    expect(convert({})).toEqual({
      address: { host: '10.0.0.1', port: 80 },
      tls: undefined,
      hint: 'unknown',
      opaqueTransportPort: undefined,
      authorityOverride: undefined,
      labels: {},
      zoneLocality: 'unknown',
      keepAlive: undefined,
    });
  });

  it.each<[string, AddrInit['tlsIdentity'], object | undefined]>([
    ['a DNS identity is its own SNI', dns('a.b'), { serverId: 'a.b', serverName: 'a.b' }],
    [
      'a SPIFFE ID with an SNI',
      { ...uri('spiffe://td/x'), serverName: { name: 'a.b' } },
      { serverId: 'spiffe://td/x', serverName: 'a.b' },
    ],
    ['a SPIFFE ID without an SNI', uri('spiffe://td/x'), undefined],
    ['a name that is none', dns('not a name'), undefined],
    ['an SNI that is none', { ...dns('a.b'), serverName: { name: '..' } }, undefined],
    ['no strategy', {}, undefined],
  ])('decides about TLS: %s', (_, tlsIdentity, expected) => {
    expect(convert({ tlsIdentity: tlsIdentity! })?.tls).toEqual(expected);
  });

  it('reads the address, IPv4 in IPv6 unwrapped', () => {
    expect(convert({ addr: at('::ffff:10.0.0.9') })?.address.host).toBe('10.0.0.9');
    expect(convert({ addr: at('fd00::1') })?.address.host).toBe('fd00::1');
    expect(convert({ addr: {} })).toBeUndefined();
    expect(convert({ addr: { ...at('10.0.0.1'), port: 65_536 } })).toBeUndefined();
  });

  it('reads an authority that replaces the request’s', () => {
    expect(convert({ authorityOverride: { authorityOverride: 'web.svc:80' } })?.authorityOverride).toBe(
      'web.svc:80',
    );
    expect(convert({ authorityOverride: { authorityOverride: 'a/b' } })?.authorityOverride).toBeUndefined();
  });
});

describe('convertEndpointsUpdate()', () => {
  const set = {
    addrs: [{ addr: at('10.0.0.1') }, { addr: {} }, { addr: at('10.0.0.1'), metricLabels: { pod: 'b' } }],
  };

  it('replaces the set with the first one of a stream, and adds with later ones', () => {
    expect(update({ case: 'add', value: set })).toMatchObject({
      kind: 'reset',
      endpoints: [{ address: { host: '10.0.0.1' }, labels: { dst_pod: 'b' } }],
    });
    expect(update({ case: 'add', value: set }, false)?.kind).toBe('add');
  });

  it('means nothing by a removal before the first set', () => {
    const value = { addrs: [at('10.0.0.1')] };
    expect(update({ case: 'remove', value })).toBeUndefined();
    expect(update({ case: 'remove', value }, false)).toEqual({
      kind: 'remove',
      addresses: [{ host: '10.0.0.1', port: 80 }],
    });
  });

  it.each([true, false])('empties the set when there are no endpoints (exists: %s)', (exists) => {
    expect(update({ case: 'noEndpoints', value: { exists } }, false)).toEqual({
      kind: 'reset',
      endpoints: [],
    });
  });

  it('means nothing by an empty message', () => {
    expect(update({ case: undefined })).toBeUndefined();
  });
});

describe('convertProfile()', () => {
  it('reads a service, and a pod', () => {
    const read = (init: MessageInitShape<typeof destination.DestinationProfileSchema>) =>
      convertProfile(create(destination.DestinationProfileSchema, init));
    expect(read({ opaqueProtocol: true, fullyQualifiedName: 'web.shop.svc.cluster.local' })).toEqual({
      opaque: true,
      fullyQualifiedName: 'web.shop.svc.cluster.local',
      endpoint: undefined,
      dstOverrides: [],
    });
    expect(read({ endpoint: { addr: at('10.0.0.1') } }).endpoint?.address.host).toBe('10.0.0.1');
    expect(read({ endpoint: {} }).endpoint).toBeUndefined();
  });

  it('reads a split, without those that are to get nothing', () => {
    const resource = { group: 'core', kind: 'Service', name: 'v2', namespace: 'shop', port: 80 };
    const { dstOverrides } = convertProfile(
      create(destination.DestinationProfileSchema, {
        dstOverrides: [
          { authority: 'v1:80', weight: 9000 },
          { authority: 'v2:80', weight: 1000, backendRef: { kind: { case: 'resource', value: resource } } },
          { authority: 'v3:80', weight: 0 },
          { authority: '', weight: 1 },
        ],
      }),
    );
    expect(dstOverrides).toEqual([
      { path: 'v1:80', weight: 9000, meta: undefined },
      { path: 'v2:80', weight: 1000, meta: { ...resource, section: '' } },
    ]);
  });
});
