import { H2_ERROR, type StreamFailure } from '../http/exchange.ts';
import type { Field } from '../http/field.ts';
import { fieldValue } from '../http/head.ts';
import { GRPC_STATUS } from './grpc-status.ts';

/** How a call ended; `code` is a gRPC status. */
export interface GrpcOutcome {
  readonly code: number;
  readonly message: string;
}

const PERMISSION_DENIED = 7;
const RESOURCE_EXHAUSTED = 8;
const UNAUTHENTICATED = 16;

/** grpc.github.io/grpc/core/md_doc_http-grpc-status-mapping.html */
const BY_HTTP_STATUS: Readonly<Record<number, number>> = {
  400: GRPC_STATUS.internal,
  401: UNAUTHENTICATED,
  403: PERMISSION_DENIED,
  404: GRPC_STATUS.unimplemented,
  429: GRPC_STATUS.unavailable,
  502: GRPC_STATUS.unavailable,
  503: GRPC_STATUS.unavailable,
  504: GRPC_STATUS.unavailable,
};

/** The gRPC protocol over HTTP/2, section "Errors". */
const BY_RESET: Readonly<Record<number, number>> = {
  [H2_ERROR.refusedStream]: GRPC_STATUS.unavailable,
  [H2_ERROR.cancel]: GRPC_STATUS.cancelled,
  [H2_ERROR.enhanceYourCalm]: RESOURCE_EXHAUSTED,
  [H2_ERROR.inadequateSecurity]: PERMISSION_DENIED,
};

/** What `grpc-status` and `grpc-message` say; undefined where there is no status. */
export function readOutcome(fields: readonly Field[]): GrpcOutcome | undefined {
  const status = fieldValue(fields, 'grpc-status');
  if (status === undefined) return undefined;
  const code = /^\d{1,4}$/.test(status) ? Number(status) : GRPC_STATUS.unknown;
  return { code, message: decodeGrpcMessage(fieldValue(fields, 'grpc-message') ?? '') };
}

/** The outcome of an answer that is no gRPC answer. */
export function outcomeOfHttpStatus(status: number): GrpcOutcome {
  const code = BY_HTTP_STATUS[status] ?? GRPC_STATUS.unknown;
  return { code, message: `the server answered with HTTP status ${status}` };
}

export function outcomeOfFailure(failure: StreamFailure): GrpcOutcome {
  const isReset = failure.kind === 'reset';
  const isOfPeer = failure.kind === 'protocol';
  const byReset = BY_RESET[failure.code] ?? GRPC_STATUS.internal;
  const code = isReset ? byReset : isOfPeer ? GRPC_STATUS.internal : GRPC_STATUS.unavailable;
  return { code, message: failure.message };
}

/** Undoes the percent-encoding of a `grpc-message`; what is not encoded rightly stays as it is. */
export function decodeGrpcMessage(text: string): string {
  if (!text.includes('%')) return text;
  const latin1 = text.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return Buffer.from(latin1, 'latin1').toString('utf8');
}
