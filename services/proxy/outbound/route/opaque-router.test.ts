import { afterEach, describe, expect, it } from 'vitest';
import { BalancerSeries } from '../../metrics/balancer-series.ts';
import { closeLoopback, connectPlain, Sink, until } from '../../transport/loopback.testing.ts';
import type { Wire } from '../../transport/wire.ts';
import { type BalancedEndpoint, Balancer } from '../balance/balancer.ts';
import type { Readiness } from '../balance/readiness.ts';
import type { OpaqueRoute } from '../client-policy.ts';
import { createTestContext, endpointAt, samplesOf, serviceMeta } from '../dispatch.testing.ts';
import type { Endpoint } from '../endpoint.ts';
import { balancedBackend } from '../http-exchange.testing.ts';
import type { TcpEndpoint } from '../tcp-endpoint.ts';
import { OpaqueRouter } from './opaque-router.ts';

afterEach(closeLoopback);

/** Connects by script. */
class FakeEndpoint implements BalancedEndpoint {
  readonly endpoint: Endpoint;
  readonly isLazy = true;
  readiness: Readiness = 'idle';
  readonly attempts: { succeed(wire: Wire): void; fail(): void }[] = [];
  readonly #onReadiness: () => void;

  constructor(endpoint: Endpoint, onReadiness: () => void) {
    this.endpoint = endpoint;
    this.#onReadiness = onReadiness;
  }
  load = () => 1;
  activate = () => this.#become('ready');
  drain = () => {};
  connect(onConnected: (wire: Wire) => void, onFailed: () => void): void {
    const fail = () => {
      this.#become('backoff');
      onFailed();
    };
    this.attempts.push({ succeed: onConnected, fail });
  }
  #become(readiness: Readiness): void {
    this.readiness = readiness;
    this.#onReadiness();
  }
}

async function setUp(options: { hosts?: string[]; route?: Partial<OpaqueRoute> | null } = {}) {
  const { hosts = ['10.1.0.1'], route = {} } = options;
  const context = createTestContext();
  const made: FakeEndpoint[] = [];
  const balancer = new Balancer<FakeEndpoint>({
    config: { ...context.config, failfastTimeoutMs: 50 },
    clock: context.clock,
    random: context.random,
    series: new BalancerSeries(context.families.tcpBalancer, {}),
    createEndpoint(endpoint, onReadiness) {
      const created = new FakeEndpoint(endpoint, onReadiness);
      made.push(created);
      return created;
    },
  });
  balancer.update({ kind: 'reset', endpoints: hosts.map((host) => endpointAt(host)) });
  const distribution = { kind: 'first-available', backends: [balancedBackend('store')] } as const;
  const router = new OpaqueRouter({
    parent: serviceMeta('store'),
    policy: {
      route:
        route === null
          ? undefined
          : { meta: serviceMeta('route'), verdict: 'forward', distribution, ...route },
    },
    address: { host: '10.0.0.1', port: 6379 },
    balancers: {
      leaseTcp: () => ({ balancer: balancer as unknown as Balancer<TcpEndpoint>, release: () => {} }),
    },
    context,
  });
  const app = await connectPlain();
  const appSink = new Sink();
  app.client.receiver = appSink;
  const server = await connectPlain();
  const serverSink = new Sink();
  server.server.receiver = serverSink;
  const counted = () => ({
    open: Object.values(samplesOf(context.families, 'outbound_tcp_route_open_total')),
    close: Object.fromEntries(
      Object.entries(samplesOf(context.families, 'outbound_tcp_route_close_total')).map(([labels, count]) => [
        /error="(\w*)"/.exec(labels)?.[1],
        count,
      ]),
    ),
  });
  const used = () => made.find(({ attempts }) => attempts.length > 0)!;
  return {
    context,
    router,
    made,
    used,
    app: app.client,
    wire: app.server,
    appSink,
    upstream: server.client,
    server: server.server,
    serverSink,
    counted,
    errors: () => samplesOf(context.families, 'outbound_tcp_errors_total'),
  };
}

describe('OpaqueRouter', () => {
  it('forwards what was read and what comes; counted as opened and closed once', async () => {
    const { router, used, app, wire, appSink, upstream, server, serverSink, counted } = await setUp();
    router.forward(wire, Buffer.from('first '));
    app.writeLatin1('second');
    await new Promise((resolve) => setTimeout(resolve, 30));
    used().attempts[0]!.succeed(upstream);
    await until(() => serverSink.text === 'first second', 'the bytes');
    expect(counted()).toEqual({ open: [1], close: {} });
    app.end();
    server.end();
    await until(() => appSink.closed !== undefined, 'closed');
    await until(() => counted().close[''] === 1, 'the count');
    expect(counted()).toEqual({ open: [1], close: { '': 1 } });
  });

  it('tries another endpoint when one refuses, for nothing was sent', async () => {
    const { router, made, used, wire, app, upstream, serverSink, counted } = await setUp({
      hosts: ['10.1.0.1', '10.1.0.2'],
    });
    router.forward(wire, Buffer.from('hello'));
    const first = used();
    first.attempts[0]!.fail();
    const second = made.find((endpoint) => endpoint !== first)!;
    second.attempts[0]!.succeed(upstream);
    await until(() => serverSink.text === 'hello', 'the bytes');
    expect(counted()).toEqual({ open: [1], close: {} });
    app.destroy();
  });

  it('resets the app when nobody takes the connection', async () => {
    const { router, used, wire, appSink, counted, errors } = await setUp();
    router.forward(wire, undefined);
    used().attempts[0]!.fail();
    await until(() => appSink.closed !== undefined, 'closed');
    expect(appSink.closed?.error).toMatchObject({ code: 'ECONNRESET' });
    expect(errors()).toEqual({
      'error="i/o",target_addr="10.0.0.1:6379",target_ip="10.0.0.1",target_port="6379"': 1,
    });
    expect(used().attempts).toHaveLength(1);
    expect(counted()).toEqual({ open: [1], close: { unexpected: 1 } });
  });

  it('resets the app when there was no endpoint in time', async () => {
    const { router, wire, appSink, counted, errors } = await setUp({ hosts: [] });
    router.forward(wire, undefined);
    await until(() => appSink.closed !== undefined, 'closed');
    expect(Object.keys(errors())).toEqual([expect.stringContaining('error="failfast"')]);
    expect(counted()).toEqual({ open: [1], close: { unexpected: 1 } });
  });

  it('counts a connection once that its app gives up while it waits', async () => {
    const { router, used, wire, upstream, serverSink, counted } = await setUp();
    router.forward(wire, undefined);
    wire.destroy();
    await until(() => counted().close[''] === 1, 'the count');
    used().attempts[0]!.succeed(upstream);
    await until(() => serverSink.ended || serverSink.closed !== undefined, 'the connection to go');
    expect(counted()).toEqual({ open: [1], close: { '': 1 } });
  });

  it.each<[string, Partial<OpaqueRoute>, string]>([
    ['forbidden', { verdict: 'forbidden' }, 'forbidden'],
    ['invalid', { verdict: 'invalid' }, 'invalid_policy'],
    ['without a backend', { distribution: { kind: 'empty' } }, 'invalid_backend'],
    [
      'whose backend has no dispatcher',
      {
        distribution: {
          kind: 'first-available',
          backends: [{ meta: serviceMeta('lost'), dispatcher: { kind: 'fail' } }],
        },
      },
      'invalid_backend',
    ],
  ])('closes a connection to a route that is %s', async (_name, route, error) => {
    const { router, wire, appSink, counted } = await setUp({ route });
    router.forward(wire, undefined);
    await until(() => appSink.ended || appSink.closed !== undefined, 'closed');
    expect(counted()).toEqual({ open: [1], close: { [error]: 1 } });
  });

  it('resets a connection without a route', async () => {
    const { router, wire, appSink } = await setUp({ route: null });
    router.forward(wire, undefined);
    await until(() => appSink.closed !== undefined, 'closed');
  });

  it.each(['first-available', 'random-available'] as const)(
    'sends to a backend that has an endpoint where another one (%s) has none',
    async (kind) => {
      const { context, wire } = await setUp();
      const names = ['empty', 'store'];
      const taken: string[] = [];
      const backends = names.map((name) => balancedBackend(name));
      const router = new OpaqueRouter({
        parent: serviceMeta('store'),
        policy: {
          route: {
            meta: serviceMeta('route'),
            verdict: 'forward',
            distribution:
              kind === 'first-available'
                ? { kind, backends }
                : { kind, backends: backends.map((backend) => ({ backend, weight: 1 })) },
          },
        },
        address: { host: '10.0.0.1', port: 6379 },
        balancers: {
          leaseTcp({ backend }) {
            const { name } = backend.meta;
            const balancer = {
              activate() {},
              readyCount: name === 'empty' ? 0 : 1,
              dispatch: () => taken.push(name),
            };
            return { balancer: balancer as never, release() {} };
          },
        },
        context,
      });
      for (let at = 0; at < 8; at++) router.forward(wire, undefined);
      expect(new Set(taken)).toEqual(new Set(['store']));
    },
  );
});
