import { describe, expect, it } from 'vitest';
import { defaultMeta } from '../policy/metadata.ts';
import type { ClientPolicy, Distribution } from './client-policy.ts';
import { createDefaultPolicy, createProfilePolicy, overrideBackends } from './default-policy.ts';
import { endpointAt } from './dispatch.testing.ts';
import type { Profile } from './endpoint.ts';

const ADDRESS = { host: 'web.shop.svc.cluster.local', port: 80 };
const PROFILE: Profile = {
  opaque: false,
  fullyQualifiedName: ADDRESS.host,
  endpoint: undefined,
  dstOverrides: [],
};
const SPLIT = [
  { path: 'v1:80', weight: 900, meta: undefined },
  { path: 'v2:80', weight: 100, meta: defaultMeta('v2') },
];

/** Every way that the policy leads to, whatever is spoken. */
function listDistributions({ protocol }: ClientPolicy): (Distribution | undefined)[] {
  const ofHttp =
    protocol.kind === 'detect' ? [protocol.http1, protocol.http2] : 'http' in protocol ? [protocol.http] : [];
  const opaque = 'opaque' in protocol ? [protocol.opaque.route?.distribution] : [];
  return [...ofHttp.map(({ routes }) => routes[0]?.rules[0]?.distribution), ...opaque];
}

/** `weight path`, or where the one backend leads. */
function describeWay(distribution: Distribution | undefined): string[] {
  if (distribution?.kind === 'random-available')
    return distribution.backends.map(({ backend: { dispatcher }, weight }) =>
      dispatcher.kind === 'balancer' ? `${weight} ${dispatcher.path}` : dispatcher.kind,
    );
  if (distribution?.kind !== 'first-available') return [];
  return distribution.backends.map(({ dispatcher }) =>
    dispatcher.kind === 'balancer' ? dispatcher.path : dispatcher.kind,
  );
}

describe('createProfilePolicy()', () => {
  it.each<{ readonly what: string; readonly profile: Partial<Profile>; readonly ways: string[] }>([
    { what: 'its Service', profile: {}, ways: ['web.shop.svc.cluster.local:80'] },
    {
      what: 'the Service of another name',
      profile: { fullyQualifiedName: 'other' },
      ways: ['other:80'],
    },
    {
      what: 'its endpoint',
      profile: { fullyQualifiedName: '', endpoint: endpointAt('10.0.0.1') },
      ways: ['forward'],
    },
    { what: 'its overrides', profile: { dstOverrides: SPLIT }, ways: ['900 v1:80', '100 v2:80'] },
  ])('leads to $what', ({ profile, ways }) => {
    const all = listDistributions(createProfilePolicy(ADDRESS, { ...PROFILE, ...profile }));
    expect(all.map(describeWay)).toEqual([ways, ways, ways]);
  });
});

describe('overrideBackends()', () => {
  it('keeps what the policy says is spoken, and of whom', () => {
    const detect = createDefaultPolicy(ADDRESS, undefined);
    const { http1: http, opaque } = detect.protocol as Extract<ClientPolicy['protocol'], { kind: 'detect' }>;
    const parent = defaultMeta('web');
    const protocols: ClientPolicy['protocol'][] = [
      detect.protocol,
      { kind: 'http1', http },
      { kind: 'grpc', http },
      { kind: 'opaque', opaque },
    ];
    for (const protocol of protocols) {
      const overridden = overrideBackends({ parent, protocol }, SPLIT);
      expect([overridden.parent, overridden.protocol.kind]).toEqual([parent, protocol.kind]);
      for (const way of listDistributions(overridden))
        expect(describeWay(way)).toEqual(['900 v1:80', '100 v2:80']);
    }
    expect(overrideBackends(undefined, SPLIT).protocol.kind).toBe('detect');
  });
});
