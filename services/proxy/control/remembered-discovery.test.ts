import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { endpointAt } from '../outbound/dispatch.testing.ts';
import type { EndpointsUpdate, Profile } from '../outbound/endpoint.ts';
import type { InboundDiscovery, OutboundDiscovery } from './discovery-api.ts';
import { rememberDiscovery } from './remembered-discovery.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const ADDRESS = { host: '10.0.0.1', port: 80 };
const PATH = 'web.shop.svc.cluster.local:80';
const PROFILE: Profile = { opaque: true, fullyQualifiedName: 'web', endpoint: undefined, dstOverrides: [] };

/** A control plane that says what it is told to, and nothing while it is away. */
function setUp() {
  const state = { isConnected: true, open: 0, nowMs: 0 };
  const listeners = new Map<string, (value: unknown) => void>();
  type Listener = (value: never) => void;
  const watch = (kind: string) => (_what: unknown, listener: Listener, onError?: Listener) => {
    state.open++;
    listeners.set(kind, listener as (value: unknown) => void);
    listeners.set(`${kind} error`, onError as (value: unknown) => void);
    return { close: () => state.open-- };
  };
  const source: OutboundDiscovery & InboundDiscovery = {
    watchProfile: watch('profile'),
    watchPolicy: watch('policy'),
    watchEndpoints: watch('endpoints'),
    watchServer: watch('server'),
    isConnected: () => state.isConnected,
  };
  const clock = { now: () => state.nowMs, monotonic: () => state.nowMs };
  const say = (kind: string, value: unknown) => listeners.get(kind)?.(value);
  return { discovery: rememberDiscovery(source, clock), say, state };
}

describe('rememberDiscovery()', () => {
  it('passes everything on, and has nothing of its own to say of what was never watched', () => {
    const { discovery, say, state } = setUp();
    const seen: unknown[] = [];
    const watch = discovery.watchProfile(ADDRESS, (profile) => seen.push(profile));
    state.isConnected = false;
    vi.advanceTimersByTime(60_000);
    expect(seen).toEqual([]);
    say('profile', PROFILE);
    say('profile', undefined);
    expect(seen).toEqual([PROFILE, undefined]);
    expect(discovery.isConnected()).toBe(false);
    watch.close();
    expect(state.open).toBe(0);
  });

  it('says again what it knew where no answer comes within a second, at once where none can come', () => {
    const { discovery, say, state } = setUp();
    discovery.watchProfile(ADDRESS, () => {}).close();
    const first = discovery.watchProfile(ADDRESS, () => {});
    say('profile', PROFILE);
    first.close();
    const seen: unknown[] = [];
    const second = discovery.watchProfile(ADDRESS, (profile) => seen.push(profile));
    vi.advanceTimersByTime(999);
    expect(seen).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(seen).toEqual([PROFILE]);
    // It is still all that is known.
    second.close();
    state.isConnected = false;
    discovery.watchProfile(ADDRESS, (profile) => seen.push(profile));
    vi.advanceTimersByTime(0);
    expect(seen).toEqual([PROFILE, PROFILE]);
  });

  it('says nothing where an answer comes in time, and lets one that comes late replace it', () => {
    const { discovery, say } = setUp();
    const seen: unknown[] = [];
    const open = () => discovery.watchServer(80, (policy) => seen.push(policy));
    const first = open();
    say('server', 'old');
    first.close();
    const second = open();
    say('server', 'new');
    vi.advanceTimersByTime(60_000);
    expect(seen).toEqual(['old', 'new']);
    second.close();
    open();
    vi.advanceTimersByTime(60_000);
    say('server', 'newer');
    expect(seen).toEqual(['old', 'new', 'new', 'newer']);
  });

  it('puts endpoints together from the changes it has heard', () => {
    const { discovery, say } = setUp();
    const [a, b, c] = ['10.0.0.1', '10.0.0.2', '10.0.0.3'].map((host) => endpointAt(host));
    const first = discovery.watchEndpoints(PATH, () => {});
    say('endpoints', { kind: 'reset', endpoints: [a, b] });
    say('endpoints', { kind: 'add', endpoints: [c] });
    say('endpoints', { kind: 'remove', addresses: [a?.address] });
    first.close();
    const seen: EndpointsUpdate[] = [];
    discovery.watchEndpoints(PATH, (update) => seen.push(update));
    vi.advanceTimersByTime(1000);
    expect(seen).toEqual([{ kind: 'reset', endpoints: [b, c] }]);
  });

  it('forgets nothing while the control plane is away, however long', () => {
    const { discovery, say, state } = setUp();
    const pass = (ms: number) => {
      for (let at = 0; at < ms; at += 10_000) {
        state.nowMs += 10_000;
        vi.advanceTimersByTime(10_000);
      }
    };
    const watch = discovery.watchProfile(ADDRESS, () => {});
    say('profile', PROFILE);
    watch.close();
    pass(590_000);
    state.isConnected = false;
    pass(6 * 3_600_000);
    const seen: unknown[] = [];
    const away = discovery.watchProfile(ADDRESS, (profile) => seen.push(profile));
    vi.advanceTimersByTime(0);
    expect(seen).toEqual([PROFILE]);
    away.close();
    state.isConnected = true;
    pass(610_000);
    discovery.watchProfile(ADDRESS, (profile) => seen.push(profile));
    vi.advanceTimersByTime(1000);
    expect(seen).toEqual([PROFILE]);
  });

  it('remembers neither for ever nor past a refusal', () => {
    const { discovery, say, state } = setUp();
    const seen: unknown[] = [];
    const open = () =>
      discovery.watchPolicy(
        ADDRESS,
        (policy) => seen.push(policy),
        () => {},
      );
    const first = open();
    say('policy', undefined);
    first.close();
    state.nowMs = 600_000;
    const second = open();
    say('policy', undefined);
    say('policy error', 'no such thing');
    second.close();
    open();
    vi.advanceTimersByTime(60_000);
    expect(seen).toEqual([undefined, undefined]);
  });
});
