import type { Field } from './field.ts';
import { fieldValue, type RequestHead, VERSION } from './head.ts';

/** A gRPC request: HTTP/2 (also behind the orig-proto upgrade it is not) with content-type application/grpc…. */
export function isGrpcRequest(head: RequestHead): boolean {
  if (head.version !== VERSION.http2) return false;
  return fieldValue(head.fields, 'content-type')?.startsWith('application/grpc') ?? false;
}

/** gRPC statuses that count as failures: 2, 4, 7, 13, 14, 15. Source: facts sheet proxy-wire, section 21. */
const FAILURES: ReadonlySet<string> = new Set(['2', '4', '7', '13', '14', '15']);

/** The `grpc-status` among fields, or an empty text. */
export function grpcStatusOf(fields: readonly Field[]): string {
  return fieldValue(fields, 'grpc-status') ?? '';
}

export function isGrpcFailure(status: string): boolean {
  return FAILURES.has(status);
}

const NAMES = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
];

/** `OK`, `UNAVAILABLE`, …; `UNKNOWN` for what is no status. */
export function grpcStatusName(status: string): string {
  return NAMES[Number(status)] ?? 'UNKNOWN';
}
