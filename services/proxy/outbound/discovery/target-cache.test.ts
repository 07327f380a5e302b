import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { OutboundDiscovery } from '../../control/discovery-api.ts';
import { BalancerCache } from '../balancer-cache.ts';
import type { ClientPolicy } from '../client-policy.ts';
import { createDefaultPolicy } from '../default-policy.ts';
import { createTestContext, endpointAt } from '../dispatch.testing.ts';
import type { Profile } from '../endpoint.ts';
import { TargetCache } from './target-cache.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

// Loopback is never dialled, so that no connection leaves the test.
const ADDRESS = { host: '127.0.0.1', port: 80 };
const PROFILE: Profile = { opaque: false, fullyQualifiedName: '', endpoint: undefined, dstOverrides: [] };

function createCache() {
  const context = createTestContext();
  const state = { isConnected: true, open: 0, asked: 0 };
  let tellProfile: (profile: Profile | undefined) => void = () => {};
  let tellPolicy: (policy: ClientPolicy | undefined) => void = () => {};
  let refuse: (message: string) => void = () => {};
  const watch = () => {
    state.open++;
    return { close: () => state.open-- };
  };
  const discovery: OutboundDiscovery = {
    watchProfile(_address, listener) {
      tellProfile = listener;
      return watch();
    },
    watchPolicy(_address, listener, onError) {
      tellPolicy = listener;
      refuse = onError;
      state.asked++;
      return watch();
    },
    watchEndpoints: watch,
    isConnected: () => state.isConnected,
  };
  const cache = new TargetCache(context, discovery, { balancers: new BalancerCache(context, discovery) });
  const told = {
    profile: (profile: Profile | undefined) => tellProfile(profile),
    policy: (policy: ClientPolicy | undefined) => tellPolicy(policy),
    refuse: (message: string) => refuse(message),
  };
  return { cache, state, told };
}

describe('TargetCache', () => {
  it('shares a target among its connections and forgets it after the idle time', () => {
    const { cache, state } = createCache();
    const target = cache.acquire(ADDRESS);
    expect(cache.acquire({ ...ADDRESS })).toBe(target);
    cache.release(target);
    vi.advanceTimersByTime(60_000);
    expect(state.open).toBe(2);
    cache.release(target);
    vi.advanceTimersByTime(4999);
    expect(cache.acquire(ADDRESS)).toBe(target);
    cache.release(target);
    vi.advanceTimersByTime(5000);
    expect(state.open).toBe(0);
    expect(cache.acquire(ADDRESS)).not.toBe(target);
  });

  it('keeps a target past its idle time while the control plane is away', () => {
    const { cache, state } = createCache();
    const target = cache.acquire(ADDRESS);
    state.isConnected = false;
    cache.release(target);
    vi.advanceTimersByTime(120_000);
    expect(cache.acquire(ADDRESS)).toBe(target);
    cache.release(target);
    state.isConnected = true;
    vi.advanceTimersByTime(5000);
    expect(state.open).toBe(0);
  });
});

describe('a target', () => {
  it('is known when profile and policy are; a policy that is not there is replaced by a default one', () => {
    const { cache, told } = createCache();
    const target = cache.acquire(ADDRESS);
    let calls = 0;
    target.whenKnown(() => calls++);
    told.policy(undefined);
    expect(calls).toBe(0);
    told.profile(undefined);
    expect(calls).toBe(1);
    expect(target.policy).toEqual(createDefaultPolicy(ADDRESS, undefined));
    expect(target.protocol).toBe('detect');
    expect([target.http('http1'), target.http('http2'), target.opaque].every(Boolean)).toBe(true);
    target.whenKnown(() => calls++);
    expect(calls).toBe(2);
  });

  it('uses the endpoint of the profile in the default policy', () => {
    const { cache, told } = createCache();
    const target = cache.acquire(ADDRESS);
    const endpoint = endpointAt('127.0.0.1', { tls: { serverId: 'web', serverName: 'web' } });
    told.profile({ ...PROFILE, endpoint });
    told.policy(undefined);
    expect(target.policy?.parent.name).toBe('endpoint');
    expect(JSON.stringify(target.policy)).toContain('"serverId":"web"');
  });

  it('leads to the endpoints of a Service that the policy service does not know yet, and asks it again', () => {
    const { cache, state, told } = createCache();
    const target = cache.acquire(ADDRESS);
    told.policy(undefined);
    told.profile({ ...PROFILE, endpoint: endpointAt('127.0.0.1') });
    expect(target.policy?.parent.name).toBe('endpoint');
    vi.advanceTimersByTime(600_000);
    expect(state.asked).toBe(1);
    told.profile({ ...PROFILE, fullyQualifiedName: 'web.shop.svc.cluster.local' });
    expect(JSON.stringify(target.policy)).toContain('"path":"web.shop.svc.cluster.local:80"');
    vi.advanceTimersByTime(1000);
    expect(state.asked).toBe(2);
    told.policy(undefined);
    vi.advanceTimersByTime(1000);
    expect(state.asked).toBe(3);
    const policy = createDefaultPolicy(ADDRESS, undefined);
    told.policy(policy);
    expect(target.policy).toBe(policy);
    vi.advanceTimersByTime(600_000);
    expect(state.asked).toBe(3);
  });

  it('is opaque where its profile says so, whatever the policy speaks', () => {
    const { cache, told } = createCache();
    const target = cache.acquire(ADDRESS);
    const detect = createDefaultPolicy(ADDRESS, undefined);
    const { http1 } = detect.protocol as Extract<ClientPolicy['protocol'], { kind: 'detect' }>;
    told.policy({ ...detect, protocol: { kind: 'http1', http: http1 } });
    told.profile(PROFILE);
    expect([target.protocol, target.opaque]).toEqual(['http1', undefined]);
    expect(target.http('http1')).toBeDefined();
    told.profile({ ...PROFILE, opaque: true });
    expect(target.protocol).toBe('opaque');
    expect(target.opaque).toBeDefined();
    expect(target.http('http1')).toBeUndefined();
  });

  it('refuses with the sentence of discovery', () => {
    const { cache, told } = createCache();
    const target = cache.acquire(ADDRESS);
    let isCalled = false;
    target.whenKnown(() => {
      isCalled = true;
    });
    told.refuse('the policy of 127.0.0.1:80 was refused: no');
    expect([isCalled, target.error]).toEqual([true, 'the policy of 127.0.0.1:80 was refused: no']);
  });

  it('takes a new policy at once, and keeps balancers that it still needs', () => {
    const { cache, state, told } = createCache();
    const target = cache.acquire(ADDRESS);
    const load = { defaultRttMs: 30, decayMs: 10_000 };
    const base = createDefaultPolicy(ADDRESS, undefined);
    const balanced = (path: string): ClientPolicy => {
      const backend = { meta: base.parent, dispatcher: { kind: 'balancer', path, load } } as const;
      const distribution = { kind: 'first-available', backends: [backend] } as const;
      const rules = [{ matches: [], distribution, failure: undefined }];
      const http = { routes: [{ meta: base.parent, hosts: [], rules }], failureAccrual: undefined };
      return { parent: base.parent, protocol: { kind: 'http1', http } };
    };
    told.profile(undefined);
    told.policy(balanced('web:80'));
    const router = target.http('http1');
    const open = state.open;
    told.policy(balanced('web:80'));
    expect(target.http('http1')).not.toBe(router);
    expect(state.open).toBe(open);
    told.policy(balanced('other:80'));
    expect(state.open).toBe(open);
    cache.release(target);
    vi.advanceTimersByTime(5000);
    expect(state.open).toBe(0);
  });
});
