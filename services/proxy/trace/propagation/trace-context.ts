import type { Field } from '../../http/field.ts';

/** What a request says of the trace it belongs to. */
export interface TraceContext {
  readonly format: ContextFormat;
  /** 32 lower-case hexadecimal digits. */
  readonly traceId: string;
  /** The span that the request was sent in: 16 lower-case hexadecimal digits. */
  readonly parentId: string;
  /** Those of the W3C: 1 is sampled. */
  readonly flags: number;
}

/** One way in which a trace goes along with requests. */
export interface ContextFormat {
  /** The header that names the span; where it came more than once, one takes the place of all. */
  readonly header: string;
  /** The same context, sent on in another span. */
  write(context: TraceContext, spanId: string): Field;
}

export const SAMPLED = 1;

export function isSampled(context: TraceContext): boolean {
  return (context.flags & SAMPLED) !== 0;
}

/** An id of zeros alone is none. */
export function isZero(id: string): boolean {
  return /^0*$/.test(id);
}
