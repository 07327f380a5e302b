import { describe, expect, it } from 'vitest';
import { buildEndpoint, buildPod, buildService, buildSlice, SETTINGS, viewOf } from '../../shop.fixture.ts';
import { computeAddressSet } from './address-set.ts';
import { createSelectionCache } from './selection-cache.ts';

const setOf = (policy: 'Cluster' | 'Local') =>
  computeAddressSet({
    view: viewOf(
      buildService('web', { internalTrafficPolicy: policy }),
      buildSlice('web', [buildEndpoint('a', '10.0.0.1', { nodeName: 'n1', zone: 'east' })]),
      buildPod('a', '10.0.0.1'),
    ),
    settings: SETTINGS,
    service: { namespace: 'shop', name: 'web' },
    port: 80,
  });

describe('createSelectionCache', () => {
  const client = { hostname: undefined, nodeName: 'n1', zone: 'east' };

  it('gives clients of one zone the same set, and those of another one their own', () => {
    const cache = createSelectionCache(SETTINGS);
    const set = setOf('Cluster');
    const east = cache.select(set, client);
    expect(cache.select(set, { ...client, nodeName: 'n2' })).toBe(east);
    const west = cache.select(set, { ...client, zone: 'west' });
    expect([...east.values()][0]?.locality).toBe('local');
    expect([...west.values()][0]?.locality).toBe('remote');
    expect(cache.select(set, { ...client, hostname: 'a' }).size).toBe(0);
  });

  it('tells nodes apart where the Service does', () => {
    const cache = createSelectionCache(SETTINGS);
    const set = setOf('Local');
    expect(cache.select(set, client).size).toBe(1);
    expect(cache.select(set, { ...client, nodeName: 'n2' }).size).toBe(0);
  });

  it('compares the same two sets once', () => {
    const cache = createSelectionCache(SETTINGS);
    const [before, after] = [cache.select(setOf('Cluster'), client), cache.select(setOf('Cluster'), client)];
    const update = cache.diff(before, after, {});
    expect(update.add).toHaveLength(1);
    expect(cache.diff(before, after, {})).toBe(update);
    expect(cache.diff(after, after, {}).add).toEqual([]);
  });
});
