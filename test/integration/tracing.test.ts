import { afterAll, beforeAll, expect, it } from 'vitest';
import { waitUntil } from '../support/waiting.ts';
import { describeAsRoot } from './mesh/as-root.ts';
import { createAuthority } from './mesh/authority.ts';
import { openSession } from './mesh/h2-session.ts';
import { type LocalMesh, podIp, startLocalMesh } from './mesh/local-mesh.ts';
import { buildEcho, buildNamespace, buildWorkload } from './mesh/manifests.ts';
import { get, type RawTarget } from './mesh/raw-connection.ts';
import { buildRelay, throughRelay } from './mesh/relay.ts';
import { withTracing } from './mesh/traced.ts';
import type { CollectedSpan } from './pods/trace-collector.ts';

const PORT = 8080;
const H2_PORT = 8081;
const COLLECTOR_PORT = 4317;
const ADMIN_PORT = 4191;
const POD = new URL('./pods/trace-collector.ts', import.meta.url).pathname;
const PARENT = '00f067aa0ba902b7';
/** Spans that wait while none can be sent. */
const BUFFER = 100;

let mesh: LocalMesh;

const toWeb = (port: number, relay = 'client'): RawTarget =>
  throughRelay(mesh, { service: 'web', port, relay });
const traceOf = (digit: string) => digit.repeat(32);
const traceparentOf = (trace: string, flags = '01') => `00-${trace}-${PARENT}-${flags}`;

async function readSpans(): Promise<readonly CollectedSpan[]> {
  const { body } = await get({ host: podIp(mesh.pod('collector')), port: PORT }, '/spans');
  return JSON.parse(body) as CollectedSpan[];
}

/** The spans of a trace, when there are so many. */
async function spansOf(trace: string, count: number): Promise<readonly CollectedSpan[]> {
  let spans: readonly CollectedSpan[] = [];
  const find = async () => {
    spans = (await readSpans()).filter(({ traceId }) => traceId === trace);
    return spans.length >= count;
  };
  // A batch goes every ten seconds.
  await waitUntil(`there are ${count} spans of ${trace}`, find, 50_000);
  return spans;
}

/** From the app's request on: each span is the parent of the next. */
function chain(spans: readonly CollectedSpan[], parentId = PARENT): readonly CollectedSpan[] {
  const next = spans.find((span) => span.parentId === parentId);
  return next === undefined ? [] : [next, ...chain(spans, next.spanId)];
}

async function echo(
  target: RawTarget,
  path: string,
  headers: Readonly<Record<string, string>>,
): Promise<Readonly<Record<string, string>>> {
  const { status, body } = await get(target, path, headers);
  expect(status).toBe(200);
  return (JSON.parse(body) as { readonly headers: Record<string, string> }).headers;
}

async function readMetric(pod: string, name: string): Promise<number> {
  const { body } = await get({ host: podIp(mesh.pod(pod)), port: ADMIN_PORT }, '/metrics');
  return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(body)?.[1] ?? Number.NaN);
}

function buildManifests() {
  const authority = createAuthority();
  const traced = {
    authority,
    collector: `collector.shop:${COLLECTOR_PORT}`,
    collectorAccount: 'collector',
  };
  const lost = { ...traced, collector: `nobody.shop.svc.cluster.local:${COLLECTOR_PORT}` };
  const web = buildEcho({ http1: PORT, http2: H2_PORT });
  const collector = buildWorkload({
    name: 'collector',
    command: ['node', POD],
    readyPath: '/',
    env: { PORT: `${PORT}`, GRPC_PORT: `${COLLECTOR_PORT}` },
    ports: { http: PORT, otlp: COLLECTOR_PORT },
  });
  const manifests = [
    buildNamespace(),
    ...collector,
    ...withTracing([...web, ...buildRelay('client')], traced),
    ...withTracing(buildRelay('lost'), lost),
  ];
  return { authority, manifests };
}

describeAsRoot('proxies that were injected with tracing', () => {
  beforeAll(async () => {
    const { authority, manifests } = buildManifests();
    mesh = await startLocalMesh({ name: 'tracing', credentials: authority, manifests: () => manifests });
  });
  afterAll(() => mesh?.stop());

  it('export the spans of a sampled request, by mTLS, and pass everything else on as it is', async () => {
    const unsampled = traceparentOf(traceOf('b'), '00');
    expect(await echo(toWeb(PORT), '/unsampled', { traceparent: unsampled })).toMatchObject({
      traceparent: unsampled,
    });
    expect(Object.keys(await echo(toWeb(PORT), '/absent', {}))).not.toContain('traceparent');
    const trace = traceOf('a');
    const seen = await echo(toWeb(PORT), '/sampled?x=1', {
      host: 'web.shop:8080',
      traceparent: traceparentOf(trace),
      tracestate: 'vendor=1',
      'user-agent': 'test',
    });
    const spans = chain(await spansOf(trace, 4));
    expect(spans.map(({ kind, attributes }) => `${attributes['direction']} ${kind}`)).toEqual([
      'outbound server',
      'outbound client',
      'inbound server',
      'inbound client',
    ]);
    expect(seen).toMatchObject({
      traceparent: `00-${trace}-${spans.at(-1)?.spanId}-01`,
      tracestate: 'vendor=1',
    });
    for (const { name, durationMs, attributes } of spans) {
      expect(name).toBe('/sampled');
      expect(durationMs).toBeGreaterThan(0);
      expect(attributes).toMatchObject({
        'http.request.method': 'GET',
        'http.response.status_code': '200',
        'network.transport': 'tcp',
        'server.address': 'web.shop',
        'server.port': `${PORT}`,
        'url.full': 'http://web.shop:8080/sampled?x=1',
        'url.path': '/sampled',
        'url.query': 'x=1',
        'url.scheme': 'http',
        'user_agent.original': 'test',
      });
    }
    expect(spans[2]?.attributes['http.request.header.l5d-orig-proto']).toBe('HTTP/1.1');
    const names = (await readSpans()).map(({ name }) => name);
    expect(names).not.toContain('/unsampled');
    expect(names).not.toContain('/absent');
    const { body } = await get({ host: podIp(mesh.pod('collector')), port: ADMIN_PORT }, '/metrics');
    for (const name of ['client', 'web'])
      expect(body).toMatch(
        new RegExp(
          `^request_total\\{direction="inbound",.*target_port="${COLLECTOR_PORT}",tls="true",client_id="${name}\\.shop\\.`,
          'm',
        ),
      );
  });

  it('say what pod they are of', async () => {
    const [client, , web] = chain(await spansOf(traceOf('a'), 4));
    for (const [name, span] of [
      ['client', client],
      ['web', web],
    ] as const) {
      const pod = mesh.pod(name);
      expect(span?.resource).toMatchObject({
        app: name,
        'host.name': pod.metadata.name,
        'k8s.container.name': 'linkerd-proxy',
        'k8s.pod.ip': podIp(pod),
        'linkerd.io/control-plane-ns': 'linkerd',
        'linkerd.io/proxy-deployment': name,
        'process.pid': expect.stringMatching(/^\d+$/),
        'process.start_timestamp': expect.stringMatching(/^\d{10}$/),
        'service.name': 'linkerd-proxy',
      });
    }
  });

  it('give every request of a connection spans of its own, in the format that it came with', async () => {
    const session = openSession(toWeb(H2_PORT));
    const trace = traceOf('c');
    const ask = () =>
      new Promise<string>((resolve, reject) => {
        const headers = { 'x-b3-traceid': trace, 'x-b3-spanid': PARENT, 'x-b3-sampled': '1' };
        const stream = session.request({ ':path': '/again', ...headers });
        let body = '';
        stream.setEncoding('latin1');
        stream.on('data', (chunk: string) => {
          body += chunk;
        });
        stream.on('end', () => resolve(body));
        stream.on('error', reject);
      });
    const seen: string[] = [];
    for (let count = 0; count < 5; count++) {
      const { headers } = JSON.parse(await ask()) as { readonly headers: Record<string, string> };
      expect(headers).toMatchObject({ 'x-b3-traceid': trace, 'x-b3-sampled': '1' });
      expect(Object.keys(headers)).not.toContain('traceparent');
      seen.push(headers['x-b3-spanid'] ?? '');
    }
    session.destroy();
    const spans = await spansOf(trace, 20);
    expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(20);
    const last = spans.filter(
      ({ kind, attributes }) => kind === 'client' && attributes['direction'] === 'inbound',
    );
    expect(last.map(({ spanId }) => spanId).sort()).toEqual(seen.sort());
  });

  it('drop spans, and fail no request, where the collector is not there', async () => {
    const traceparent = traceparentOf(traceOf('d'));
    await echo(toWeb(PORT, 'lost'), '/first', { traceparent });
    const begun = async () => (await readMetric('lost', 'opentelemetry_span_export_streams')) === 1;
    await waitUntil('the first batch is on its way', begun, 40_000);
    for (let count = 0; count < BUFFER; count++) await echo(toWeb(PORT, 'lost'), '/more', { traceparent });
    expect(await readMetric('lost', 'opentelemetry_spans_dropped_total')).toBeGreaterThanOrEqual(BUFFER);
    expect(await readMetric('lost', 'opentelemetry_span_exports')).toBe(0);
    expect(await readMetric('client', 'opentelemetry_span_exports')).toBeGreaterThan(0);
    expect(await readMetric('client', 'opentelemetry_spans_dropped_total')).toBe(0);
  });
});
