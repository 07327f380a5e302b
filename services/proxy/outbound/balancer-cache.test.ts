import { afterEach, describe, expect, it } from 'vitest';
import type { OutboundDiscovery } from '../control/discovery-api.ts';
import { closeLoopback, dialRaw, listen, until } from '../transport/loopback.testing.ts';
import { BalancerCache } from './balancer-cache.ts';
import { createTestContext, directionConfig, serviceMeta } from './dispatch.testing.ts';
import { balancedBackend } from './http-exchange.testing.ts';
import { OpaqueRouter } from './route/opaque-router.ts';

afterEach(closeLoopback);

const SILENT: OutboundDiscovery = {
  watchEndpoints: () => ({ close() {} }),
  watchPolicy: () => ({ close() {} }),
  watchProfile: () => ({ close() {} }),
  isConnected: () => true,
};

/** A port whose connections are forwarded to a Service without endpoints; returns what ends them, when. */
async function openOpaque(tcp: { tcpQueueCapacity?: number; tcpFailfastTimeoutMs?: number }) {
  const config = directionConfig({ queueCapacity: 10, failfastTimeoutMs: 60_000, ...tcp });
  const context = createTestContext({ config });
  const router = new OpaqueRouter({
    parent: serviceMeta('store'),
    policy: {
      route: {
        meta: serviceMeta('store'),
        verdict: 'forward',
        distribution: { kind: 'first-available', backends: [balancedBackend('store')] },
      },
    },
    address: { host: '10.0.0.1', port: 6379 },
    balancers: new BalancerCache(context, SILENT),
    context,
  });
  const listener = await listen(({ wire }) => router.forward(wire, undefined));
  return () => {
    const startMs = performance.now();
    const state = { closedAfterMs: -1 };
    dialRaw(listener.address.port).on('close', () => {
      state.closedAfterMs = performance.now() - startMs;
    });
    return state;
  };
}

describe('opaque connections that wait for an endpoint', () => {
  it('wait for the fail-fast time of TCP; then what comes is closed at once', async () => {
    const open = await openOpaque({ tcpFailfastTimeoutMs: 300 });
    const waiting = open();
    await until(() => waiting.closedAfterMs >= 0, 'the end');
    expect(waiting.closedAfterMs).toBeGreaterThan(250);
    const late = open();
    await until(() => late.closedAfterMs >= 0, 'the end');
    expect(late.closedAfterMs).toBeLessThan(waiting.closedAfterMs + 200);
  });

  it('are closed above the capacity of the queue of TCP', async () => {
    const open = await openOpaque({ tcpQueueCapacity: 1, tcpFailfastTimeoutMs: 60_000 });
    const states = [open(), open(), open()];
    await until(() => states.filter(({ closedAfterMs }) => closedAfterMs >= 0).length === 2, 'two ends');
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(states.filter(({ closedAfterMs }) => closedAfterMs >= 0)).toHaveLength(2);
  });
});
