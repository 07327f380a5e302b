import { Field } from '../../http/field.ts';
import { type ContextFormat, isZero, type TraceContext } from './trace-context.ts';

const HEADER = 'grpc-trace-bin';
const BASE64 = /^[A-Za-z0-9+/]{1,256}={0,2}$/;

/** Fields behind the version, each an id and so many bytes. Source: OpenCensus's BinaryEncoding. */
const FIELD = { traceId: 0, spanId: 1, options: 2 } as const;
const BYTES: Readonly<Record<number, number>> = {
  [FIELD.traceId]: 16,
  [FIELD.spanId]: 8,
  [FIELD.options]: 1,
};

/** The binary context of gRPC, in base64. */
export const GRPC_TRACE_BIN: ContextFormat = {
  header: HEADER,
  write({ traceId, flags }, spanId) {
    const bytes = Buffer.concat([
      Buffer.from([0, FIELD.traceId]),
      Buffer.from(traceId, 'hex'),
      Buffer.from([FIELD.spanId]),
      Buffer.from(spanId, 'hex'),
      Buffer.from([FIELD.options, flags]),
    ]);
    return new Field(HEADER, bytes.toString('base64'));
  },
};

/** Padded or not. What comes behind a field that is not known is not read. */
export function parseGrpcTraceBin(value: string): TraceContext | undefined {
  if (!BASE64.test(value)) return undefined;
  const bytes = Buffer.from(value, 'base64');
  const found = new Map<number, string>();
  if (bytes[0] !== 0) return undefined;
  for (let at = 1; at < bytes.length; ) {
    const id = bytes[at] ?? 0;
    const length = BYTES[id];
    if (length === undefined) break;
    if (at + 1 + length > bytes.length) return undefined;
    found.set(id, bytes.toString('hex', at + 1, at + 1 + length));
    at += 1 + length;
  }
  const traceId = found.get(FIELD.traceId) ?? '';
  const parentId = found.get(FIELD.spanId) ?? '';
  if (isZero(traceId) || isZero(parentId)) return undefined;
  const flags = Number.parseInt(found.get(FIELD.options) ?? '0', 16);
  return { format: GRPC_TRACE_BIN, traceId, parentId, flags };
}
