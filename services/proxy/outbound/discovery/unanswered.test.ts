import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { OutboundDiscovery } from '../../control/discovery-api.ts';
import { BalancerCache } from '../balancer-cache.ts';
import type { ClientPolicy } from '../client-policy.ts';
import { createDefaultPolicy } from '../default-policy.ts';
import { createTestContext } from '../dispatch.testing.ts';
import type { Profile } from '../endpoint.ts';
import { TargetCache } from './target-cache.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const ADDRESS = { host: '127.0.0.1', port: 80 };
const POLICY = createDefaultPolicy(ADDRESS, undefined);

/** A destination of which discovery says nothing by itself. */
function acquire() {
  const context = createTestContext();
  let tellProfile: (profile: Profile | undefined) => void = () => {};
  let tellPolicy: (policy: ClientPolicy | undefined) => void = () => {};
  const watch = { close() {} };
  const discovery: OutboundDiscovery = {
    watchProfile(_address, listener) {
      tellProfile = listener;
      return watch;
    },
    watchPolicy(_address, listener) {
      tellPolicy = listener;
      return watch;
    },
    watchEndpoints: () => watch,
    isConnected: () => false,
  };
  const cache = new TargetCache(context, discovery, { balancers: new BalancerCache(context, discovery) });
  const target = cache.acquire(ADDRESS);
  const told: (string | undefined)[] = [];
  target.whenKnown(() => told.push(target.error));
  return {
    cache,
    target,
    told,
    tellProfile: (profile: Profile | undefined) => tellProfile(profile),
    tellPolicy: (policy: ClientPolicy | undefined) => tellPolicy(policy),
  };
}

describe('a destination that nobody has asked for before', () => {
  it('is refused when discovery says nothing for half a minute, then at once, until it does', () => {
    const { target, told, tellPolicy, tellProfile } = acquire();
    vi.advanceTimersByTime(29_999);
    expect(told).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(told).toEqual([expect.stringMatching(/^discovery has said nothing of 127\.0\.0\.1:80 for 30 s/)]);
    expect([target.isKnown, target.errorKind, target.waitingCount]).toEqual([true, 'failfast', 0]);
    tellProfile(undefined);
    expect(target.error).toBeDefined();
    tellPolicy(POLICY);
    expect([target.isKnown, target.error, target.policy]).toEqual([true, undefined, POLICY]);
  });

  it('goes by its policy where only its profile does not come', () => {
    const { target, told, tellPolicy, tellProfile } = acquire();
    tellPolicy(POLICY);
    expect(target.isKnown).toBe(false);
    vi.advanceTimersByTime(30_000);
    expect(told).toEqual([undefined]);
    expect(target.policy).toBe(POLICY);
    tellProfile({ opaque: true, fullyQualifiedName: 'web', endpoint: undefined, dstOverrides: [] });
    expect(target.protocol).toBe('opaque');
  });

  it('is not refused later for having been quick', () => {
    const { target, tellPolicy, tellProfile } = acquire();
    tellPolicy(POLICY);
    tellProfile(undefined);
    vi.advanceTimersByTime(60_000);
    expect(target.error).toBeUndefined();
  });
});
