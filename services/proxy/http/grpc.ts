import { HEADER } from '../contract.ts';
import type { Field } from './field.ts';
import { fieldValue, type RequestHead, VERSION } from './head.ts';

/** A gRPC request: native HTTP/2 (not HTTP/1 that a peer's proxy upgraded) with content-type application/grpc…. */
export function isGrpcRequest(head: RequestHead): boolean {
  if (head.version !== VERSION.http2) return false;
  if (fieldValue(head.fields, 'content-type')?.startsWith('application/grpc') !== true) return false;
  return fieldValue(head.fields, HEADER.origProto) === undefined;
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
  return (/^\d{1,2}$/.test(status) ? NAMES[Number(status)] : undefined) ?? 'UNKNOWN';
}
