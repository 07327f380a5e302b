/**
 * A collector of traces: takes OpenTelemetry's protocol over gRPC on GRPC_PORT, without encryption, and answers
 * `GET /spans` on PORT with what it has, one object a span.
 */
import { createServer } from 'node:http';
import process from 'node:process';
import { type MessageShape, otlpTrace, otlpTraceService } from '#lib/api';
import { GrpcServer } from '#lib/grpc';

export interface CollectedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId: string;
  readonly name: string;
  readonly kind: 'server' | 'client' | undefined;
  readonly durationMs: number;
  readonly attributes: Readonly<Record<string, string>>;
  readonly resource: Readonly<Record<string, string>>;
}

type ResourceSpans = MessageShape<typeof otlpTrace.ResourceSpansSchema>;
type Span = MessageShape<typeof otlpTrace.SpanSchema>;

const collected: CollectedSpan[] = [];
const KINDS: Readonly<Record<number, 'server' | 'client'>> = {
  [otlpTrace.Span_SpanKind.SERVER]: 'server',
  [otlpTrace.Span_SpanKind.CLIENT]: 'client',
};

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const readAttributes = (attributes: Span['attributes']): Record<string, string> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, String(value?.value.value)]));

function collect({ resource, scopeSpans }: ResourceSpans): void {
  for (const span of scopeSpans.flatMap(({ spans }) => spans)) {
    collected.push({
      traceId: hex(span.traceId),
      spanId: hex(span.spanId),
      parentId: hex(span.parentSpanId),
      name: span.name,
      kind: KINDS[span.kind],
      durationMs: Number(span.endTimeUnixNano - span.startTimeUnixNano) / 1e6,
      attributes: readAttributes(span.attributes),
      resource: readAttributes(resource?.attributes ?? []),
    });
  }
}

const server = new GrpcServer();
server.add(otlpTraceService.TraceService, {
  export({ resourceSpans }: { readonly resourceSpans: readonly ResourceSpans[] }) {
    for (const spans of resourceSpans) collect(spans);
    return {};
  },
});
await server.listen({ host: '0.0.0.0', port: Number(process.env['GRPC_PORT']) });

createServer((request, response) => {
  response.end(request.url === '/spans' ? JSON.stringify(collected) : 'ok');
}).listen(Number(process.env['PORT']));

process.on('SIGTERM', () => process.exit(0));
