import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { create, destination } from '#lib/api';
import { createMemorySource, type MemorySource } from '#lib/cluster';
import { createGrpcClient } from '#lib/grpc';
import { PODS, SERVICES } from '#lib/resources';
import { createLogger, Registry } from '#lib/telemetry';
import { type DestinationApp, startDestination } from './app.ts';
import { parseDestinationConfig } from './config.ts';
import {
  buildEndpoint,
  buildNode,
  buildPod,
  buildServer,
  buildService,
  buildServiceProfile,
  buildSlice,
} from './shop.fixture.ts';

type Update = destination.Update;

const WEB = 'web.shop.svc.cluster.local:80';
const POD_A = buildPod('web-a', '10.0.0.1', { nodeName: 'n1' });
const POD_B = buildPod('web-b', '10.0.0.2', { nodeName: 'n2' });
const endpointsOf = (...names: readonly string[]) =>
  names.map((name) => buildEndpoint(`web-${name}`, name === 'a' ? '10.0.0.1' : '10.0.0.2'));

describe('startDestination', () => {
  let source: MemorySource;
  let registry: Registry;
  let app: DestinationApp;
  let client: ReturnType<typeof createGrpcClient<typeof destination.Destination>>;
  const stops: AbortController[] = [];

  async function start(...flags: readonly string[]): Promise<void> {
    const argv = [
      '-addr=127.0.0.1:0',
      '-metrics-addr=127.0.0.1:0',
      '-identity-trust-domain=mesh.local',
      '-cluster-domain=cluster.local',
      ...flags,
    ];
    const log = createLogger({ target: 'test', level: 'off' });
    app = await startDestination(parseDestinationConfig(argv), { source, registry, log });
    client = createGrpcClient(destination.Destination, { address: `127.0.0.1:${app.port}` });
  }

  /** Reads a stream to its end: the messages so far, and how it ended. */
  function read<M>(open: (signal: AbortSignal) => AsyncIterable<M>) {
    const stop = new AbortController();
    stops.push(stop);
    const stream: { messages: M[]; ended?: string; stop: () => void } = {
      messages: [],
      stop: () => stop.abort(),
    };
    const run = async () => {
      for await (const message of open(stop.signal)) stream.messages.push(message);
      stream.ended = 'OK';
    };
    run().catch((error: { code: number; message: string }) => {
      stream.ended = `${error.code} ${error.message}`;
    });
    return stream;
  }
  const get = (path: string, contextToken = '') =>
    read((signal) => client.get({ path, contextToken }, { signal }));
  const getProfile = (path: string, contextToken = '') =>
    read((signal) => client.getProfile({ path, contextToken }, { signal }));
  const eventually = (check: () => void) => vi.waitFor(check, { timeout: 3000, interval: 5 });
  const settle = () => new Promise((resolve) => setTimeout(resolve, 50));
  const summarize = ({ update }: Update) => {
    if (update.case === 'add') return ['add', ...update.value.addrs.map(({ addr }) => addr?.ip?.ip.value)];
    if (update.case === 'remove') return ['remove', ...update.value.addrs.map(({ ip }) => ip?.ip.value)];
    return ['other'];
  };

  beforeEach(() => {
    source = createMemorySource();
    registry = new Registry();
  });
  afterEach(async () => {
    for (const stop of stops.splice(0)) stop.abort();
    client.close();
    await app.close();
  });

  describe('Get', () => {
    it('gives the pods of a Service with identities, hints and labels', async () => {
      await start();
      source.put(
        buildService('web'),
        POD_A,
        POD_B,
        buildNode('n1', 'east'),
        buildSlice('web', endpointsOf('a', 'b')),
      );
      const stream = get(WEB, '{"ns":"client","nodeName":"n1","pod":"c"}');
      await eventually(() => expect(stream.messages).toHaveLength(1));
      const { update } = stream.messages[0] as Update;
      expect(update.case).toBe('add');
      if (update.case !== 'add') return;
      expect(update.value.metricLabels).toEqual({ namespace: 'shop', service: 'web' });
      expect(update.value.addrs).toHaveLength(2);
      expect(update.value.addrs[0]).toMatchObject({
        addr: { ip: { ip: { case: 'ipv4', value: 0x0a000001 } }, port: 8080 },
        weight: 10_000,
        metricLabels: {
          pod: 'web-a',
          serviceaccount: 'web',
          control_plane_ns: 'linkerd',
          zone: '',
          zone_locality: 'unknown',
        },
        tlsIdentity: {
          strategy: {
            case: 'dnsLikeIdentity',
            value: { name: 'web.shop.serviceaccount.identity.linkerd.mesh.local' },
          },
          serverName: { name: 'web.shop.serviceaccount.identity.linkerd.mesh.local' },
        },
        protocolHint: { protocol: { case: 'h2' } },
        http2: { keepAlive: { interval: { seconds: 10n }, timeout: { seconds: 3n }, whileIdle: true } },
        resourceRef: {
          kind: { case: 'resource', value: { group: 'core', kind: 'Pod', name: 'web-a', namespace: 'shop' } },
        },
      });
    });

    it('sends what changes, and nothing else', async () => {
      await start();
      source.put(buildService('web'), POD_A, POD_B, buildSlice('web', endpointsOf('a', 'b')));
      const stream = get(WEB);
      await eventually(() => expect(stream.messages).toHaveLength(1));
      source.put(buildSlice('web', endpointsOf('a')));
      await eventually(() => expect(stream.messages).toHaveLength(2));
      source.put(buildSlice('web', endpointsOf('a', 'b')));
      await eventually(() => expect(stream.messages).toHaveLength(3));
      // A status that says nothing new; then a label that does.
      source.put(
        buildPod('web-a', '10.0.0.1', { nodeName: 'n1', status: { phase: 'Running', hostIP: '1.1.1.1' } }),
      );
      await settle();
      source.put(buildPod('web-a', '10.0.0.1', { nodeName: 'n1', labels: { 'pod-template-hash': 'new' } }));
      await eventually(() => expect(stream.messages).toHaveLength(4));
      expect(stream.messages.map(summarize)).toEqual([
        ['add', 0x0a000001, 0x0a000002],
        ['remove', 0x0a000002],
        ['add', 0x0a000002],
        ['add', 0x0a000001],
      ]);
    });

    it('removes an endpoint that is no longer ready, and adds one whose pod comes late', async () => {
      await start();
      source.put(buildService('web'), POD_A, buildSlice('web', endpointsOf('a', 'b')));
      const stream = get(WEB);
      await eventually(() => expect(stream.messages).toHaveLength(1));
      source.put(POD_B);
      await eventually(() => expect(stream.messages).toHaveLength(2));
      const [a] = endpointsOf('a');
      source.put(buildSlice('web', [{ ...a!, conditions: { ready: false } }, ...endpointsOf('b')]));
      await eventually(() => expect(stream.messages).toHaveLength(3));
      expect(stream.messages.map(summarize)).toEqual([
        ['add', 0x0a000001],
        ['add', 0x0a000002],
        ['remove', 0x0a000001],
      ]);
    });

    it('a Server turns hints to opaque and back', async () => {
      await start();
      source.put(buildService('web'), POD_A, buildSlice('web', endpointsOf('a')));
      const stream = get(WEB);
      await eventually(() => expect(stream.messages).toHaveLength(1));
      source.put(buildServer('s'));
      await eventually(() => expect(stream.messages).toHaveLength(2));
      source.put(buildServer('s', { proxyProtocol: 'HTTP/1' }));
      await eventually(() => expect(stream.messages).toHaveLength(3));
      const hints = stream.messages.map(({ update }) =>
        update.case === 'add' ? update.value.addrs[0]?.protocolHint : undefined,
      );
      expect(hints.map((hint) => [hint?.protocol.case, hint?.opaqueTransport?.inboundPort])).toEqual([
        ['h2', undefined],
        ['opaque', 4143],
        ['h2', undefined],
      ]);
    });

    it('sends nothing for a Service without endpoints until it has some', async () => {
      await start();
      source.put(buildService('web'));
      const stream = get(WEB);
      await settle();
      expect([stream.messages, stream.ended]).toEqual([[], undefined]);
      source.put(POD_A, buildSlice('web', endpointsOf('a')));
      await eventually(() => expect(stream.messages.map(summarize)).toEqual([['add', 0x0a000001]]));
    });

    it('removes everything when the Service goes, and adds it when it comes back', async () => {
      await start();
      source.put(buildService('web'), POD_A, buildSlice('web', endpointsOf('a')));
      const stream = get(WEB);
      await eventually(() => expect(stream.messages).toHaveLength(1));
      source.delete(SERVICES, 'shop', 'web');
      await eventually(() => expect(stream.messages).toHaveLength(2));
      source.put(buildService('web'));
      await eventually(() => expect(stream.messages).toHaveLength(3));
      expect(stream.messages.map(summarize)).toEqual([
        ['add', 0x0a000001],
        ['remove', 0x0a000001],
        ['add', 0x0a000001],
      ]);
    });

    it.each([
      ['none.shop.svc.cluster.local:80', '5 Service none.shop not found'],
      ['example.com:80', '3 Invalid authority: example.com:80'],
      ['10.0.0.1:80', '3 IP queries not supported by Get API: host=10.0.0.1'],
      ['out.shop.svc.cluster.local:80', '3 service out.shop is of type ExternalName, which has no endpoints'],
    ])('refuses %s', async (path, ended) => {
      await start();
      source.put(buildService('out', { type: 'ExternalName' }));
      const stream = get(path);
      await eventually(() => expect(stream.ended).toBe(ended));
    });

    it('ends the stream of a client that does not read, with OK, and counts it', async () => {
      await start('-stream-queue-capacity=3');
      source.put(buildService('web'), POD_A, buildSlice('web', endpointsOf('a')));
      const iterator = client.get({ path: WEB })[Symbol.asyncIterator]();
      await iterator.next();
      const filler = 'x'.repeat(60_000);
      const overflows = `endpoint_updates_queue_overflow{service="${WEB}"} 1`;
      for (let turn = 0; turn < 2000 && !registry.render().includes(overflows); turn += 1) {
        source.put(buildPod('web-a', '10.0.0.1', { labels: { 'pod-template-hash': `${turn}${filler}` } }));
        await new Promise((resolve) => setImmediate(resolve));
      }
      expect(registry.render()).toContain(overflows);
      let rest = 0;
      while (!(await iterator.next()).done) rest += 1;
      expect(rest).toBeGreaterThan(0);
      expect(registry.render()).toContain('grpc_method="Get",grpc_code="OK"} 1');
    });

    it('shares one watch among clients and drops its series after the last', async () => {
      await start();
      source.put(buildService('web'), POD_A, buildSlice('web', endpointsOf('a')));
      const [first, second] = [get(WEB), get(WEB)];
      const subscribers =
        'endpoints_subscribers{cluster="local",namespace="shop",service="web",port="80",hostname="",node=""}';
      await eventually(() => expect(registry.render()).toContain(`${subscribers} 2`));
      expect(registry.render()).toContain('service_cache_size 1');
      await eventually(() => expect(second.messages).toHaveLength(1));
      first.stop();
      await eventually(() => expect(registry.render()).toContain(`${subscribers} 1`));
      second.stop();
      await eventually(() => expect(registry.render()).not.toContain('endpoints_subscribers'));
    });

    it('ends streams with OK when the service stops', async () => {
      await start();
      source.put(buildService('web'), POD_A, buildSlice('web', endpointsOf('a')));
      const stream = get(WEB);
      await eventually(() => expect(stream.messages).toHaveLength(1));
      await app.close();
      await eventually(() => expect(stream.ended).toBe('OK'));
    });
  });

  describe('GetProfile', () => {
    it('gives the profile of a Service and follows its ServiceProfile', async () => {
      await start();
      source.put(buildService('web', { clusterIP: '10.96.0.1' }));
      const stream = getProfile('10.96.0.1:80', '{"ns":"client"}');
      await eventually(() => expect(stream.messages).toHaveLength(1));
      expect(stream.messages[0]).toMatchObject({
        fullyQualifiedName: 'web.shop.svc.cluster.local',
        opaqueProtocol: false,
        retryBudget: { minRetriesPerSecond: 10, ttl: { seconds: 10n } },
        parentRef: {
          kind: { value: { group: 'core', kind: 'Service', name: 'web', namespace: 'shop', port: 80 } },
        },
      });
      expect(stream.messages[0]?.retryBudget?.retryRatio).toBeCloseTo(0.2);
      source.put(
        buildServiceProfile('web', {
          routes: [
            {
              name: 'GET /',
              condition: { method: 'get', not: { pathRegex: '/x' } },
              responseClasses: [{ condition: { status: { min: 500, max: 503 } }, isFailure: true }],
              isRetryable: true,
              timeout: '250ms',
            },
            { name: 'odd', condition: { method: 'PURGE' } },
          ],
          dstOverrides: [{ authority: 'web-v2.shop.svc.cluster.local', weight: '100m' }],
        }),
      );
      await eventually(() => expect(stream.messages).toHaveLength(2));
      const profile = stream.messages[1];
      expect(profile).toMatchObject({
        profileRef: { kind: { value: { group: 'linkerd.io', kind: 'ServiceProfile', namespace: 'shop' } } },
        dstOverrides: [{ authority: 'web-v2.shop.svc.cluster.local:80', weight: 1000 }],
      });
      const [route, odd] = profile?.routes ?? [];
      expect(route).toMatchObject({
        metricsLabels: { route: 'GET /' },
        isRetryable: true,
        timeout: { nanos: 250_000_000 },
        responseClasses: [
          { isFailure: true, condition: { match: { case: 'status', value: { min: 500, max: 503 } } } },
        ],
        condition: { match: { case: 'all' } },
      });
      if (route?.condition?.match.case !== 'all') throw new Error('not a conjunction');
      expect(route.condition.match.value.matches).toMatchObject([
        { match: { case: 'method', value: { type: { case: 'registered', value: 0 } } } },
        { match: { case: 'not', value: { match: { case: 'path', value: { regex: '/x' } } } } },
      ]);
      expect(odd).toMatchObject({
        condition: { match: { value: { type: { case: 'unregistered', value: 'PURGE' } } } },
      });
    });

    it('gives the endpoint of a pod IP and suppresses equal answers', async () => {
      await start('-outbound-transport-mode=transport-header');
      source.put(POD_A);
      const stream = getProfile('10.0.0.1:8080');
      await eventually(() => expect(stream.messages).toHaveLength(1));
      expect(stream.messages[0]).toMatchObject({
        fullyQualifiedName: '',
        endpoint: {
          metricLabels: { pod: 'web-a', namespace: 'shop' },
          protocolHint: { protocol: { case: 'h2' }, opaqueTransport: { inboundPort: 4143 } },
        },
      });
      source.put(
        buildPod('web-a', '10.0.0.1', { nodeName: 'n1', status: { phase: 'Running', hostIP: '1.1.1.1' } }),
      );
      await settle();
      expect(stream.messages).toHaveLength(1);
      source.delete(PODS, 'shop', 'web-a');
      await eventually(() => expect(stream.messages).toHaveLength(2));
      expect(stream.messages[1]?.endpoint?.tlsIdentity).toBeUndefined();
    });

    it('keeps the stream open after an empty profile for a port that the Service lacks', async () => {
      await start();
      source.put(buildService('web', { clusterIP: '10.96.0.1' }));
      const stream = getProfile('10.96.0.1:81');
      await eventually(() => expect(stream.messages).toHaveLength(1));
      expect(stream.messages[0]).toEqual(create(destination.DestinationProfileSchema));
      source.put(buildService('web', { clusterIP: '10.96.0.1', ports: [{ port: 80 }, { port: 81 }] }));
      await eventually(() =>
        expect(stream.messages[1]?.fullyQualifiedName).toBe('web.shop.svc.cluster.local'),
      );
      expect(stream.ended).toBeUndefined();
    });

    it('keeps the last profile of a Service that has gone', async () => {
      await start();
      source.put(buildService('web'));
      const stream = getProfile(WEB);
      await eventually(() => expect(stream.messages).toHaveLength(1));
      source.delete(SERVICES, 'shop', 'web');
      await settle();
      expect([stream.messages.length, stream.ended]).toEqual([1, undefined]);
    });

    it.each([
      ['none.shop.svc.cluster.local:80', '5 Service none.shop not found'],
      ['nonsense', '3 Invalid authority: nonsense'],
      ['10.0.0.1:8080', '9 pod IP 10.0.0.1 is claimed by several: shop/twin, shop/web-a'],
    ])('refuses %s', async (path, ended) => {
      await start();
      source.put(POD_A, buildPod('twin', '10.0.0.1'));
      const stream = getProfile(path);
      await eventually(() => expect(stream.ended).toBe(ended));
    });
  });

  it('serves probes and metrics', async () => {
    await start();
    const fetchText = async (path: string) =>
      (await fetch(`http://127.0.0.1:${app.adminPort}${path}`)).text();
    expect(await fetchText('/ready')).toContain('ok');
    expect(await fetchText('/metrics')).toContain('pod_cache_size 0');
  });
});
