import { createServer } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { type MessageShape, otlpTraceService } from '#lib/api';
import { GrpcServer } from '#lib/grpc';
import { createLogger } from '#lib/telemetry';
import { ControlChannel } from '../../control/channel.ts';
import { TEST_DIRECTION } from '../../control/testing/direction.ts';
import { createFamilies } from '../../metrics/families.ts';
import { requestOf } from '../../outbound/http-exchange.testing.ts';
import { startTracing } from '../tracing.ts';
import { createCollector } from './collector.ts';
import { encodeSpan } from './span.ts';
import type { ExportOutcome } from './span-exporter.ts';

type Received = MessageShape<typeof otlpTraceService.ExportTraceServiceRequestSchema>;

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function serve(answer: object = {}) {
  const received: Received[] = [];
  const server = new GrpcServer();
  server.add(otlpTraceService.TraceService, {
    export: (request: Received) => {
      received.push(request);
      return answer;
    },
  });
  const { port, close } = await server.listen({ host: '127.0.0.1', port: 0 });
  closers.push(close);
  return { received, port };
}

function openChannel(port: number) {
  const families = createFamilies();
  const log = createLogger({ target: 'test', write: () => {} });
  const channel = new ControlChannel({
    client: 'opentelemetry',
    address: { host: '127.0.0.1', port, identity: undefined },
    inbound: TEST_DIRECTION,
    outbound: TEST_DIRECTION,
    currentContext: () => undefined,
    families,
    log,
  });
  closers.push(() => channel.close());
  return { channel, families, log };
}

const span = () =>
  encodeSpan({
    context: {
      format: { header: '', write: () => ({}) as never },
      traceId: 'ab'.repeat(16),
      parentId: 'cd'.repeat(8),
      flags: 1,
    },
    spanId: 'ef'.repeat(8),
    kind: 'client',
    name: '/x',
    startMs: 1,
    endMs: 2,
    attributes: [],
  });

it('exports by TraceService/Export, and hears what the collector says of it', async () => {
  const { received, port } = await serve({ partialSuccess: { rejectedSpans: 1n, errorMessage: 'no' } });
  const { channel } = openChannel(port);
  const collector = createCollector(channel, new Map([['app', 'web']]));
  const outcome = await new Promise<ExportOutcome>((done) => collector.export([span(), span()], done));
  expect(outcome).toEqual({ kind: 'accepted', rejected: 1, message: 'no' });
  expect(received[0]?.resourceSpans[0]?.scopeSpans[0]?.spans.map(({ name }) => name)).toEqual(['/x', '/x']);
});

it('fails where nobody serves it', async () => {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => server.close());
  const { port } = server.address() as { port: number };
  const { channel } = openChannel(port);
  const collector = createCollector(channel, new Map());
  const outcome = new Promise<ExportOutcome>((done) => collector.export([span()], done));
  await expect.poll(() => collector.isConnected, { timeout: 4000 }).toBe(false);
  channel.close();
  expect(await outcome).toMatchObject({ kind: 'failed' });
});

it('startTracing() sends what has ended before the process does', async () => {
  const { received, port } = await serve();
  const { channel, families, log } = openChannel(port);
  const tracing = startTracing({
    config: {
      collector: { host: '127.0.0.1', port, identity: undefined },
      serviceName: 'linkerd-proxy',
      attributesPath: undefined,
      extraAttributes: new Map(),
      otelAttributes: new Map(),
      hostName: undefined,
    },
    channel,
    families,
    log,
  });
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  const open = tracing.outbound.start('client', requestOf({ headers: { traceparent } }));
  open?.end(200);
  open?.end(500);
  expect(tracing.outbound.start('client', requestOf())).toBeUndefined();
  await tracing.close();
  const spans = received.flatMap(({ resourceSpans }) => resourceSpans.flatMap((r) => r.scopeSpans)[0]?.spans);
  expect(spans).toHaveLength(1);
  const attributes = Object.fromEntries(
    spans[0]?.attributes.map(({ key, value }) => [key, value?.value.value]) ?? [],
  );
  expect(attributes).toMatchObject({ 'http.response.status_code': '200', direction: 'outbound' });
  expect(open?.head.fields[0]?.value).toContain(Buffer.from(spans[0]?.spanId ?? []).toString('hex'));
  const nowMs = Number((spans[0]?.endTimeUnixNano ?? 0n) / 1_000_000n);
  expect(Math.abs(nowMs - Date.now())).toBeLessThan(60_000);
});
