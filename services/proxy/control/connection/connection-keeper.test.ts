import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { systemRandom } from '#lib/base';
import { ConnectionKeeper } from './connection-keeper.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const PROXIES = 200;
const MAX_MS = 10_000;

/** The times at which a service that cannot be found is looked for. */
function watchAttempts(): { readonly attempts: number[]; readonly keeper: ConnectionKeeper } {
  const attempts: number[] = [];
  const keeper = new ConnectionKeeper({
    address: { host: 'destination', port: 8086, identity: undefined },
    connect: { timeoutMs: 1000, keepAliveMs: 0, userTimeoutMs: 0 },
    backoff: { minMs: 100, maxMs: MAX_MS, jitter: 0.1 },
    resolver: {
      async resolve() {
        attempts.push(performance.now());
        throw new Error('nobody answers');
      },
    },
    currentContext: () => undefined,
    random: systemRandom,
    outage: { failed() {}, end() {} },
    onConnected() {},
    isUnused: () => false,
  });
  keeper.wake();
  return { attempts, keeper };
}

it('proxies that lost the control plane together come back apart from each other, and soon', async () => {
  const all = Array.from({ length: PROXIES }, watchAttempts);
  await vi.advanceTimersByTimeAsync(120_000);
  const backMs = performance.now();
  await vi.advanceTimersByTimeAsync(MAX_MS);
  const found = all.map(({ attempts }) => attempts.find((atMs) => atMs >= backMs) ?? Infinity);
  const perSecond = new Map<number, number>();
  for (const atMs of found) {
    const second = Math.floor((atMs - backMs) / 1000);
    perSecond.set(second, (perSecond.get(second) ?? 0) + 1);
  }
  expect(Math.max(...found)).toBeLessThanOrEqual(backMs + MAX_MS);
  // Evenly it would be a tenth of them.
  expect(Math.max(...perSecond.values())).toBeLessThan(PROXIES / 3);
  for (const { keeper } of all) keeper.close();
});
