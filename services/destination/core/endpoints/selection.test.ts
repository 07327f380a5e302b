import { describe, expect, it } from 'vitest';
import type { AddressSet, Candidate } from './address-set.ts';
import { diffEndpoints } from './endpoint-diff.ts';
import { selectEndpoints } from './selection.ts';

const candidate = (ip: string, more: Partial<Candidate> = {}): Candidate => ({
  address: {
    ip,
    port: 80,
    meshed: true,
    labels: {},
    workload: { group: 'core', kind: 'Pod', namespace: 'a', name: ip },
  },
  hostname: undefined,
  nodeName: undefined,
  zone: undefined,
  forZones: undefined,
  ...more,
});
const setOf = (candidates: readonly Candidate[], localOnly = false): AddressSet => ({
  exists: true,
  labels: {},
  localOnly,
  candidates: new Map(candidates.map((entry) => [`${entry.address.ip}:80`, entry])),
  warnings: [],
});
const client = {
  hostname: undefined as string | undefined,
  nodeName: 'n1',
  zone: 'east',
  zoneWeights: false,
};
const ipsOf = (set: AddressSet, more: Partial<typeof client> = {}) =>
  [...selectEndpoints(set, { ...client, ...more }).values()].map(({ address }) => address.ip);

describe('selectEndpoints', () => {
  it('takes all without a reason not to', () => {
    expect(ipsOf(setOf([candidate('1'), candidate('2')]))).toEqual(['1', '2']);
  });

  it('takes only the pod of a given hostname', () => {
    const set = setOf([
      candidate('1', { hostname: 'web-0' }),
      candidate('2', { hostname: 'web-1' }),
      candidate('3'),
    ]);
    expect(ipsOf(set, { hostname: 'web-1' })).toEqual(['2']);
    expect(ipsOf(set, { hostname: 'web-9' })).toEqual([]);
  });

  it("takes only the node's own under internalTrafficPolicy Local, none if there is none", () => {
    const set = setOf(
      [
        candidate('1', { nodeName: 'n1', forZones: ['west'] }),
        candidate('2', { nodeName: 'n2' }),
        candidate('3'),
      ],
      true,
    );
    expect(ipsOf(set)).toEqual(['1']);
    expect(ipsOf(set, { nodeName: 'n3' })).toEqual([]);
    expect(ipsOf(set, { nodeName: '' })).toEqual([]);
  });

  it.each<[string, (readonly string[] | undefined)[], string, string[]]>([
    ['the hinted ones', [['east'], ['west'], ['east', 'west']], 'east', ['0', '2']],
    ['all if one has no hint', [['east'], undefined, ['west']], 'east', ['0', '1', '2']],
    ['all if one has an empty hint', [['east'], [], ['west']], 'east', ['0', '1', '2']],
    ['all if none is for the zone', [['west'], ['west']], 'east', ['0', '1']],
    ['all for a client of unknown zone', [['east'], ['west']], '', ['0', '1']],
  ])('takes %s', (_case, hints, zone, expected) => {
    const set = setOf(hints.map((forZones, index) => candidate(String(index), { forZones })));
    expect(ipsOf(set, { zone })).toEqual(expected);
  });

  it('says whether an address is in the zone of the client', () => {
    const set = setOf([candidate('1', { zone: 'east' }), candidate('2', { zone: 'west' }), candidate('3')]);
    const localities = (zone: string, zoneWeights = false) =>
      [...selectEndpoints(set, { ...client, zone, zoneWeights }).values()].map(({ locality, weight }) => [
        locality,
        weight,
      ]);
    expect(localities('east')).toEqual([
      ['local', 10_000],
      ['remote', 10_000],
      ['unknown', 10_000],
    ]);
    expect(localities('')).toEqual([
      ['unknown', 10_000],
      ['unknown', 10_000],
      ['unknown', 10_000],
    ]);
    expect(localities('east', true)).toEqual([
      ['local', 100_000],
      ['remote', 10_000],
      ['unknown', 10_000],
    ]);
  });
});

describe('diffEndpoints', () => {
  const [a, b, c] = [candidate('1'), candidate('2'), candidate('3', { zone: 'east' })];
  const select = (candidates: readonly Candidate[], zone = 'east') =>
    selectEndpoints(setOf(candidates), { ...client, zone });
  const summarize = (before: ReturnType<typeof select>, after: ReturnType<typeof select>) => {
    const { add, remove } = diffEndpoints(before, after);
    return { add: add.map(({ address }) => address.ip), remove: remove.map(({ address }) => address.ip) };
  };

  it('adds what is new or changed and removes what has gone', () => {
    const changed = { ...b, address: { ...b.address, labels: { pod: 'x' } } };
    expect(summarize(select([a, b]), select([changed, c]))).toEqual({ add: ['2', '3'], remove: ['1'] });
  });

  it('adds again what is elsewhere as seen by the client', () => {
    expect(summarize(select([a, c], 'east'), select([a, c], 'west'))).toEqual({ add: ['3'], remove: [] });
  });

  it('has nothing to say about equal sets', () => {
    expect(summarize(select([a, b]), select([b, a]))).toEqual({ add: [], remove: [] });
  });
});
