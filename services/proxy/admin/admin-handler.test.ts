import { get as httpGet, type IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { LogFilter, Registry } from '#lib/telemetry';
import { HttpServer } from '../http/http-server.ts';
import { authorizationOf, openPolicy, routeOf } from '../inbound/connection.testing.ts';
import type { ServerPolicy } from '../inbound/server-policy.ts';
import { createFamilies } from '../metrics/families.ts';
import { samplesOf, totalOf } from '../outbound/dispatch.testing.ts';
import { closeLoopback, listen } from '../transport/loopback.testing.ts';
import { type AdminConnection, AdminHandler, acceptsGzip } from './admin-handler.ts';

afterEach(closeLoopback);

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** An admin server on a real socket; its metrics are those of `registry`. */
async function startAdmin(registry: Registry, changes: Partial<AdminConnection> = {}) {
  const connection: AdminConnection = {
    state: {
      isReady: () => true,
      describeWait: () => undefined,
      renderMetrics: () => registry.renderSlices(),
      logFilter: new LogFilter('warn'),
      environment: {},
      shutdown: undefined,
    },
    client: { ip: '10.0.0.9', isTls: false, identity: undefined },
    guard: () => undefined,
    ...changes,
  };
  const server = new HttpServer({ keepAlive: undefined, maxConcurrentStreams: undefined });
  const listener = await listen(({ wire }) => server.serve(wire, 'http1', new AdminHandler(connection)));
  const { port } = listener.address;
  const get = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
    new Promise<Answer>((resolve, reject) => {
      httpGet({ port, path, headers, method, agent: false }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks),
          });
        });
      }).on('error', reject);
    });
  return { get, port };
}

function createLongPage(labelSets: number): Registry {
  const registry = new Registry({ format: 'openmetrics' });
  const bounds = Array.from({ length: 25 }, (_, i) => i);
  const family = registry.histogram('latency_seconds', 'Latency', [], bounds);
  for (let i = 0; i < labelSets; i++)
    family.with({ target: `10.0.${i >> 8}.${i & 255}:8080`, pod: `web-${i}` }).observe(i % 30);
  return registry;
}

describe('/metrics', () => {
  it('is the same plain and compressed, however long, and HEAD has none of it', async () => {
    const registry = createLongPage(1000);
    const { get } = await startAdmin(registry);
    const text = registry.render();
    const plain = await get('/metrics');
    expect(plain).toMatchObject({ status: 200, headers: { 'content-type': 'text/plain' } });
    expect(plain.headers['content-encoding']).toBeUndefined();
    expect(plain.body.toString()).toBe(text);
    const packed = await get('/metrics', { 'accept-encoding': 'deflate, gzip;q=0.5' });
    expect(packed.headers['content-encoding']).toBe('gzip');
    expect(packed.body.length).toBeLessThan(text.length / 10);
    expect(gunzipSync(packed.body).toString()).toBe(text);
    const head = await get('/metrics', {}, 'HEAD');
    expect([head.status, head.body.length]).toEqual([200, 0]);
  });

  it('gives the event loop back while it makes a page of 10,000 histograms', async () => {
    const registry = createLongPage(10_000);
    const { get } = await startAdmin(registry);
    const pauses: number[] = [];
    let last = performance.now();
    const watch = setInterval(() => {
      const now = performance.now();
      pauses.push(now - last);
      last = now;
    }, 1);
    const { body } = await get('/metrics');
    clearInterval(watch);
    expect(body.length).toBeGreaterThan(10_000_000);
    // A whole page made at once is one pause: there must be many turns, and half of them short on any machine.
    const sorted = pauses.sort((a, b) => a - b);
    expect(sorted.length).toBeGreaterThan(30);
    expect(sorted[sorted.length >> 1]).toBeLessThan(50);
  }, 60_000);

  it('makes no more of it than a client takes, and nothing for one that left', async () => {
    let made = 0;
    const registry = {
      *renderSlices() {
        for (; made < 4000; made++) yield 'x'.repeat(32_768);
      },
    } as unknown as Registry;
    const { port } = await startAdmin(registry);
    const socket = connect(port, '127.0.0.1');
    socket.pause();
    socket.write('GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n');
    const settle = async () => {
      let before = -1;
      while (before !== made) {
        before = made;
        await new Promise((resolve) => setTimeout(resolve, 300));
      }
    };
    await settle();
    expect(made).toBeGreaterThan(0);
    expect(made).toBeLessThan(1000);
    socket.destroy();
    await settle();
    expect(made).toBeLessThan(1000);
  }, 30_000);
});

describe('the policy of the admin port', () => {
  const PROBES = routeOf('probe', {
    authorizations: [authorizationOf('probe')],
    rules: [
      {
        matches: [{ path: { kind: 'exact', value: '/ready' }, method: 'GET', headers: [], queryParams: [] }],
        filters: [],
      },
    ],
  });
  let counted: string[] = [];
  const statusesUnder = async (policy: ServerPolicy, client: Partial<AdminConnection['client']> = {}) => {
    const families = createFamilies();
    const { get } = await startAdmin(new Registry(), {
      client: { ip: '10.0.0.9', isTls: false, identity: undefined, ...client },
      guard: () => ({ port: { policy }, families, target: { host: '0.0.0.0', port: 4191 } }),
    });
    const answers = [await get('/ready'), await get('/metrics')];
    expect(samplesOf(families, 'inbound_http_errors_total')).toEqual({});
    const admitted = answers.filter(({ status }) => status === 200).length;
    expect([
      totalOf(families, 'request_total'),
      totalOf(families, 'response_total'),
      totalOf(families, 'inbound_http_authz_allow_total'),
      totalOf(families, 'inbound_http_authz_deny_total') +
        totalOf(families, 'inbound_http_route_not_found_total'),
    ]).toEqual([admitted, admitted, admitted, 2 - admitted]);
    counted = Object.keys(samplesOf(families, 'response_total'));
    return answers.map(({ status }) => status);
  };
  const meshOnly = [
    authorizationOf('mesh', { authentication: { kind: 'mesh-tls', identities: new Set(), suffixes: [''] } }),
  ];

  it('lets in whom it names, and the pod itself always', async () => {
    expect(await statusesUnder(openPolicy())).toEqual([200, 200]);
    const policy = openPolicy({ authorizations: meshOnly });
    expect(await statusesUnder(policy)).toEqual([403, 403]);
    expect(await statusesUnder(policy, { isTls: true, identity: 'prometheus.viz' })).toEqual([200, 200]);
    expect(counted).toEqual([
      'direction="inbound",target_addr="0.0.0.0:4191",target_ip="0.0.0.0",target_port="4191",tls="true",client_id="prometheus.viz",srv_group="",srv_kind="default",srv_name="all-unauthenticated",srv_port="4191",route_group="",route_kind="default",route_name="default",authz_group="",authz_kind="default",authz_name="mesh",status_code="200",classification="success",grpc_status="",error=""',
    ]);
    expect(await statusesUnder(policy, { ip: '127.0.0.1' })).toEqual([200, 200]);
    expect(await statusesUnder({ ...policy, protocol: { kind: 'opaque' } })).toEqual([403, 403]);
    expect(await statusesUnder({ ...policy, protocol: { kind: 'opaque' } }, { ip: '127.0.0.1' })).toEqual([
      200, 200,
    ]);
  });

  it('goes by route: probes may be let in where nothing else is', async () => {
    const routes = (list: ServerPolicy['protocol'] & { kind: 'http1' }) =>
      openPolicy({ authorizations: meshOnly, protocol: list });
    expect(await statusesUnder(routes({ kind: 'http1', routes: [routeOf('default'), PROBES] }))).toEqual([
      200, 403,
    ]);
    expect(await statusesUnder(routes({ kind: 'http1', routes: [PROBES] }))).toEqual([200, 404]);
  });
});

it('acceptsGzip() tells who takes gzip from who refuses it', () => {
  for (const yes of ['gzip', 'deflate,GZIP', 'br, gzip;q=0.1', 'x-gzip', 'gzip; q=1.0'])
    expect([yes, acceptsGzip(yes)]).toEqual([yes, true]);
  for (const no of ['', 'br', 'gzip;q=0', 'gzip; q=0.000', 'gzipped', 'identity'])
    expect([no, acceptsGzip(no)]).toEqual([no, false]);
});
