import type { Field } from '../../http/field.ts';
import type { RequestHead } from '../../http/head.ts';
import { B3_HEADER, parseB3 } from './b3.ts';
import { GRPC_TRACE_BIN, parseGrpcTraceBin } from './grpc-trace-bin.ts';
import { isSampled, type TraceContext } from './trace-context.ts';
import { parseTraceparent, W3C } from './w3c.ts';

/** The names of headers that may hold a context, and how long those are. */
const NAME = { traceparent: W3C.header, grpcTraceBin: GRPC_TRACE_BIN.header, ...B3_HEADER } as const;
const LENGTHS = Object.values(NAME).map(({ length }) => length);
const SHORTEST = Math.min(...LENGTHS);
const LONGEST = Math.max(...LENGTHS);

/** The values of the headers that may hold a context; of several of a name the first. */
interface Found {
  traceparent: string | undefined;
  grpcTraceBin: string | undefined;
  b3TraceId: string | undefined;
  b3SpanId: string | undefined;
  b3Sampled: string | undefined;
}

/**
 * The sampled context that a request brings; undefined where there is none, or one that is not sampled: then nobody
 * wants a span, and the headers go on as they are. The first of `traceparent`, `grpc-trace-bin` and B3 that can be read
 * is the one. Source: facts sheet proxy-tap, section 3.
 */
export function readSampledContext(fields: readonly Field[]): TraceContext | undefined {
  let found: Found | undefined;
  // By name alone: most requests have none of them, and cost no more than this.
  for (const { name, value } of fields) {
    if (name.length < SHORTEST || name.length > LONGEST) continue;
    switch (name) {
      case NAME.traceparent:
        found ??= nothing();
        found.traceparent ??= value;
        break;
      case NAME.grpcTraceBin:
        found ??= nothing();
        found.grpcTraceBin ??= value;
        break;
      case NAME.traceId:
        found ??= nothing();
        found.b3TraceId ??= value;
        break;
      case NAME.spanId:
        found ??= nothing();
        found.b3SpanId ??= value;
        break;
      case NAME.sampled:
        found ??= nothing();
        found.b3Sampled ??= value;
        break;
    }
  }
  const context = found === undefined ? undefined : parse(found);
  return context !== undefined && isSampled(context) ? context : undefined;
}

function nothing(): Found {
  return {
    traceparent: undefined,
    grpcTraceBin: undefined,
    b3TraceId: undefined,
    b3SpanId: undefined,
    b3Sampled: undefined,
  };
}

function parse({
  traceparent,
  grpcTraceBin,
  b3TraceId,
  b3SpanId,
  b3Sampled,
}: Found): TraceContext | undefined {
  return (
    (traceparent === undefined ? undefined : parseTraceparent(traceparent)) ??
    (grpcTraceBin === undefined ? undefined : parseGrpcTraceBin(grpcTraceBin)) ??
    (b3TraceId === undefined || b3SpanId === undefined ? undefined : parseB3(b3TraceId, b3SpanId, b3Sampled))
  );
}

/**
 * The head as it goes on in a span of ours. It is of this request alone, also where the one before comes again: nothing
 * may be remembered for it.
 */
export function withSpan(head: RequestHead, context: TraceContext, spanId: string): RequestHead {
  const { header } = context.format;
  const fields = head.fields.filter(({ name }) => name !== header);
  fields.push(context.format.write(context, spanId));
  return head.with({ fields, repeated: false });
}
