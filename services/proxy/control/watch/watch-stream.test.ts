import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createLogger } from '#lib/telemetry';
import { createFamilies } from '../../metrics/families.ts';
import type { CallHandlers } from '../channel.ts';
import { createDiscoveryStatus } from '../discovery-status.ts';
import { WatchStream, type WatchStreamOptions } from './watch-stream.ts';

const closers: (() => unknown)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** A watch whose calls the test answers itself. */
function open(options: Partial<WatchStreamOptions<string>> = {}) {
  const families = createFamilies();
  const calls: CallHandlers<string>[] = [];
  const seen: string[] = [];
  const wakes = new Set<() => void>();
  let cancelled = 0;
  const watch = new WatchStream<string>({
    start(handlers) {
      calls.push(handlers);
      handlers.onStarted?.();
      return () => cancelled++;
    },
    onMessage: (message) => seen.push(message),
    isFinal: ({ code }) => code === 3,
    onFinal: ({ message }) => seen.push(`final: ${message}`),
    limits: {},
    backoff: { minMs: 20, maxMs: 60_000, jitter: 0 },
    random: () => 0,
    status: createDiscoveryStatus({
      client: 'policy',
      families,
      log: createLogger({ target: 'test', write: () => {} }),
      clock: { now: () => 1_700_000_000_500, monotonic: () => 0 },
    }).add(),
    onReachable(listener) {
      wakes.add(listener);
      return () => wakes.delete(listener);
    },
    ...options,
  });
  closers.push(() => watch.close());
  const isConnected = () => /control_discovery_connected\{client="policy"\} 1/.test(families.modern.render());
  return {
    watch,
    calls,
    seen,
    wakes,
    isConnected,
    cancelled: () => cancelled,
    render: () => families.modern.render(),
  };
}

describe('WatchStream', () => {
  it('calls again after an end of any kind, waiting longer each time until a message comes', async () => {
    const { calls, seen, isConnected, render } = open();
    calls[0]!.onMessage('a');
    expect(render()).toContain(
      'control_discovery_last_update_timestamp_seconds{client="policy"} 1700000000.5',
    );
    for (const code of [0, 14, 13]) {
      calls.at(-1)!.onEnd({ code, message: '' });
      expect(isConnected()).toBe(false);
      const { length } = calls;
      await vi.waitFor(() => expect(calls).toHaveLength(length + 1), { timeout: 500, interval: 5 });
      expect(isConnected()).toBe(true);
    }
    calls.at(-1)!.onEnd({ code: 14, message: '' });
    await delay(100);
    expect(calls).toHaveLength(4);
    await vi.waitFor(() => expect(calls).toHaveLength(5));
    calls.at(-1)!.onMessage('b');
    calls.at(-1)!.onEnd({ code: 14, message: '' });
    await vi.waitFor(() => expect(calls).toHaveLength(6), { timeout: 60, interval: 5 });
    expect(seen).toEqual(['a', 'b']);
  });

  it('takes "there is no such thing" for an answer, which it asks for again, not for an outage', async () => {
    const { calls, isConnected } = open();
    calls[0]!.onEnd({ code: 5, message: 'no such Service' });
    expect(isConnected()).toBe(true);
    await vi.waitFor(() => expect(calls).toHaveLength(2), { timeout: 500, interval: 5 });
    calls[1]!.onEnd({ code: 14, message: 'not now' });
    expect(isConnected()).toBe(false);
  });

  it('does not sit out its wait when the service is reachable again', async () => {
    const { calls, wakes } = open({ backoff: { minMs: 60_000, maxMs: 60_000, jitter: 0 } });
    calls[0]!.onEnd({ code: 14, message: '' });
    for (const wake of wakes) wake();
    await vi.waitFor(() => expect(calls).toHaveLength(2));
  });

  it('ends with a final status', async () => {
    const { calls, seen, isConnected } = open();
    calls[0]!.onEnd({ code: 3, message: 'no such thing' });
    await delay(60);
    expect(calls).toHaveLength(1);
    expect(seen).toEqual(['final: no such thing']);
    expect(isConnected()).toBe(true);
  });

  it('gives a stream up that brings no message in time, as a failure', async () => {
    const { calls, cancelled } = open({
      limits: { initialMs: 30 },
      backoff: { minMs: 100, maxMs: 100, jitter: 0 },
    });
    await delay(60);
    expect(cancelled()).toBe(1);
    expect(calls).toHaveLength(1);
    await vi.waitFor(() => expect(calls).toHaveLength(2), { timeout: 500, interval: 5 });
    calls[1]!.onMessage('a');
    await delay(60);
    expect(cancelled()).toBe(1);
  });

  it.each([
    ['idle', { idleMs: 50 }],
    ['old', { lifetimeMs: 50 }],
  ])('changes a stream that is %s for a new one at once, and says nothing', async (_, limits) => {
    const { calls, seen, isConnected } = open({
      limits,
      backoff: { minMs: 60_000, maxMs: 60_000, jitter: 0 },
    });
    calls[0]!.onMessage('a');
    await vi.waitFor(() => expect(calls).toHaveLength(2), { timeout: 500, interval: 5 });
    expect(isConnected()).toBe(true);
    calls[0]!.onMessage('late');
    calls[1]!.onMessage('b');
    expect(seen).toEqual(['a', 'b']);
  });

  it('without a limit for the first message waits for that as for any other', async () => {
    const { calls, isConnected } = open({
      limits: { idleMs: 50 },
      backoff: { minMs: 60_000, maxMs: 60_000, jitter: 0 },
    });
    await vi.waitFor(() => expect(calls).toHaveLength(2), { timeout: 500, interval: 5 });
    expect(isConnected()).toBe(true);
  });

  it('lets messages keep a stream from being idle', async () => {
    const { calls } = open({ limits: { idleMs: 80 } });
    for (let count = 0; count < 5; count++) {
      calls[0]!.onMessage('a');
      await delay(40);
    }
    expect(calls).toHaveLength(1);
  });

  it('is silent once closed', async () => {
    const { watch, calls, seen, wakes, cancelled } = open({ limits: { initialMs: 20 } });
    watch.close();
    calls[0]!.onMessage('a');
    calls[0]!.onEnd({ code: 3, message: '' });
    await delay(50);
    expect([calls.length, seen.length, wakes.size, cancelled()]).toEqual([1, 0, 0, 1]);
  });
});
