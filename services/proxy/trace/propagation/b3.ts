import { Field } from '../../http/field.ts';
import { type ContextFormat, isZero, SAMPLED, type TraceContext } from './trace-context.ts';

/** Zipkin's headers, one for each part of the context. */
export const B3_HEADER = {
  traceId: 'x-b3-traceid',
  spanId: 'x-b3-spanid',
  sampled: 'x-b3-sampled',
} as const;

const TRACE_ID = /^(?:[0-9a-f]{16}|[0-9a-f]{32})$/i;
const SPAN_ID = /^[0-9a-f]{16}$/i;

const B3: ContextFormat = {
  header: B3_HEADER.spanId,
  write: (_context, spanId) => new Field(B3_HEADER.spanId, spanId),
};

export function parseB3(
  traceId: string,
  spanId: string,
  sampled: string | undefined,
): TraceContext | undefined {
  if (!TRACE_ID.test(traceId) || !SPAN_ID.test(spanId) || isZero(traceId) || isZero(spanId)) return undefined;
  return {
    format: B3,
    // Trace ids of half the length have zeros in front.
    traceId: traceId.toLowerCase().padStart(32, '0'),
    parentId: spanId.toLowerCase(),
    // `true` is what old senders say.
    flags: sampled === '1' || sampled === 'true' ? SAMPLED : 0,
  };
}
