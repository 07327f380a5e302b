import { describe, expect, it, vi } from 'vitest';
import { fromBinary, type MessageShape, otlpTrace, otlpTraceService, toBinary } from '#lib/api';
import { createLogger } from '#lib/telemetry';
import { createFamilies } from '../../metrics/families.ts';
import { totalOf } from '../../outbound/dispatch.testing.ts';
import { W3C } from '../propagation/w3c.ts';
import { buildExportRequest } from './export-request.ts';
import type { Span } from './span.ts';
import { type ExporterLimits, type ExportOutcome, SpanExporter } from './span-exporter.ts';

const { ExportTraceServiceRequestSchema } = otlpTraceService;

const SPAN: Span = {
  context: { format: W3C, traceId: 'ab'.repeat(16), parentId: 'cd'.repeat(8), flags: 1 },
  spanId: 'ef'.repeat(8),
  kind: 'server',
  name: '/',
  startMs: 1_700_000_000_000.25,
  endMs: 1_700_000_000_001.5,
  attributes: [['direction', 'inbound']],
};

const ACCEPTED: ExportOutcome = { kind: 'accepted', rejected: 0, message: '' };

/** A collector that a test answers for. */
function createExporter(limits: Partial<ExporterLimits> = {}) {
  const families = createFamilies();
  const lines: string[] = [];
  const batches: {
    readonly spans: readonly Uint8Array[];
    readonly done: (outcome: ExportOutcome) => void;
  }[] = [];
  const collector = {
    isConnected: true,
    export: (spans: readonly Uint8Array[], done: (outcome: ExportOutcome) => void) => {
      batches.push({ spans, done });
    },
  };
  const exporter = new SpanExporter({
    collector,
    series: {
      streams: families.spanExportStreams.with({}),
      requests: families.spanExportRequests.with({}),
      spans: families.spanExports.with({}),
      dropped: families.spansDropped.with({}),
    },
    log: createLogger({ target: 'test', write: (line) => lines.push(line) }),
    limits: { intervalMs: 60_000, ...limits },
  });
  const add = (count: number) => {
    for (let at = 0; at < count; at++) exporter.add({ ...SPAN, name: `/${at}` });
  };
  const counts = () => ({
    streams: totalOf(families, 'opentelemetry_span_export_streams'),
    requests: totalOf(families, 'opentelemetry_span_export_requests'),
    spans: totalOf(families, 'opentelemetry_span_exports'),
    dropped: totalOf(families, 'opentelemetry_spans_dropped_total'),
  });
  return { exporter, collector, batches, add, counts, lines };
}

function decode(spans: readonly Uint8Array[]): MessageShape<typeof otlpTrace.ResourceSpansSchema> {
  const request = buildExportRequest(
    new Map<string, string | number>([
      ['app', 'web'],
      ['pid', 7],
    ]),
    spans,
  );
  const bytes = toBinary(ExportTraceServiceRequestSchema, request);
  const [resourceSpans] = fromBinary(ExportTraceServiceRequestSchema, bytes).resourceSpans;
  if (resourceSpans === undefined) throw new Error('nothing was sent');
  return resourceSpans;
}

describe('a batch', () => {
  it('is a request of one resource and one scope', () => {
    const { add, batches } = createExporter({ batchSpans: 3 });
    add(3);
    const { resource, scopeSpans } = decode(batches[0]?.spans ?? []);
    expect(resource?.attributes.map(({ key, value }) => [key, value?.value.value])).toEqual([
      ['app', 'web'],
      ['pid', 7n],
    ]);
    expect(scopeSpans).toHaveLength(1);
    expect(scopeSpans[0]?.spans.map(({ name }) => name)).toEqual(['/0', '/1', '/2']);
    expect(scopeSpans[0]?.spans[0]).toMatchObject({
      traceId: new Uint8Array(16).fill(0xab),
      spanId: new Uint8Array(8).fill(0xef),
      parentSpanId: new Uint8Array(8).fill(0xcd),
      kind: otlpTrace.Span_SpanKind.SERVER,
      startTimeUnixNano: 1_700_000_000_000_250_000n,
      endTimeUnixNano: 1_700_000_000_001_500_000n,
      flags: 0x301,
      attributes: [{ key: 'direction', value: { value: { case: 'stringValue', value: 'inbound' } } }],
    });
  });

  it('goes when it is full, by number or by bytes, or when its first span has waited', async () => {
    const full = createExporter({ batchSpans: 5 });
    full.add(4);
    expect(full.batches).toHaveLength(0);
    full.add(1);
    expect(full.batches[0]?.spans).toHaveLength(5);
    const large = createExporter({ batchBytes: 10 });
    large.add(1);
    expect(large.batches).toHaveLength(1);
    const late = createExporter({ intervalMs: 20 });
    late.add(2);
    await vi.waitFor(() => expect(late.batches[0]?.spans).toHaveLength(2), 5000);
  });

  it('waits for the one before it', () => {
    const { add, batches, counts } = createExporter({ batchSpans: 2 });
    add(5);
    expect(batches.map(({ spans }) => spans.length)).toEqual([2]);
    batches[0]?.done(ACCEPTED);
    expect(batches.map(({ spans }) => spans.length)).toEqual([2, 3]);
    expect(counts()).toEqual({ streams: 2, requests: 1, spans: 2, dropped: 0 });
  });
});

describe('what cannot be sent', () => {
  it('is kept up to 100 spans while a batch is on its way, and dropped above that', () => {
    const { add, batches, counts } = createExporter({ batchSpans: 1000 });
    add(1000);
    add(250);
    expect(counts()).toEqual({ streams: 1, requests: 0, spans: 0, dropped: 150 });
    batches[0]?.done({ kind: 'failed', message: 'gone' });
    expect(counts().dropped).toBe(1150);
  });

  it('is kept up to 100 spans while the collector is away, and told of once', () => {
    const { add, batches, counts, collector, lines, exporter } = createExporter();
    collector.isConnected = false;
    add(300);
    expect(counts().dropped).toBe(200);
    void exporter.drain();
    batches[0]?.done({ kind: 'failed', message: 'service in fail-fast' });
    expect(counts().dropped).toBe(300);
    add(1);
    batches[1]?.done({ kind: 'failed', message: 'service in fail-fast' });
    expect(lines.filter((line) => line.includes('Spans dropped'))).toHaveLength(1);
  });

  it('counts also where the collector did not want some of it', () => {
    const { add, batches, counts, lines } = createExporter({ batchSpans: 3 });
    add(3);
    batches[0]?.done({ kind: 'accepted', rejected: 1, message: 'too old' });
    expect(counts()).toEqual({ streams: 1, requests: 1, spans: 2, dropped: 1 });
    expect(lines[0]).toContain('too old');
  });
});

it('drain() sends what is left, after the batch that is on its way', async () => {
  const { add, batches, exporter } = createExporter({ batchSpans: 2 });
  add(3);
  let isDrained = false;
  const drained = exporter.drain().then(() => {
    isDrained = true;
  });
  batches[0]?.done(ACCEPTED);
  expect(batches.map(({ spans }) => spans.length)).toEqual([2, 1]);
  await Promise.resolve();
  expect(isDrained).toBe(false);
  batches[1]?.done(ACCEPTED);
  await drained;
  await createExporter().exporter.drain();
});
