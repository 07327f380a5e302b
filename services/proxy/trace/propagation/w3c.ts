import { Field } from '../../http/field.ts';
import { type ContextFormat, isZero, type TraceContext } from './trace-context.ts';

const HEADER = 'traceparent';
/** `version-trace-span-flags`, and more of it in versions to come (W3C Trace Context, section 3.2). */
const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** `traceparent` of the W3C; `tracestate` goes on as it is. */
export const W3C: ContextFormat = {
  header: HEADER,
  write({ traceId, flags }, spanId) {
    // Ours is the first version, whatever came.
    return new Field(HEADER, `00-${traceId}-${spanId}-${flags.toString(16).padStart(2, '0')}`);
  },
};

export function parseTraceparent(value: string): TraceContext | undefined {
  const [, version, traceId = '', parentId = '', flags = '', rest] = TRACEPARENT.exec(value.trim()) ?? [];
  if (version === undefined || version === 'ff' || (version === '00' && rest !== undefined)) return undefined;
  if (isZero(traceId) || isZero(parentId)) return undefined;
  return { format: W3C, traceId, parentId, flags: Number.parseInt(flags, 16) };
}
