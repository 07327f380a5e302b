import { MeshError } from '#lib/base';
import { GrpcError, GrpcStatus } from '#lib/grpc';
import type { RefusalCode } from './core/refusal.ts';

/** The status with which Certify answers each refusal. Source: facts sheet control-plane, section 1. */
const STATUS_BY_CODE: Readonly<Record<RefusalCode, GrpcStatus>> = {
  IDENTITY_ISSUER_NOT_READY: GrpcStatus.Unavailable,
  IDENTITY_ISSUER_INVALID: GrpcStatus.Unknown,
  IDENTITY_REQUEST_INCOMPLETE: GrpcStatus.InvalidArgument,
  IDENTITY_CSR_UNREADABLE: GrpcStatus.InvalidArgument,
  IDENTITY_CSR_REFUSED: GrpcStatus.FailedPrecondition,
  IDENTITY_TOKEN_REVIEW_FAILED: GrpcStatus.Internal,
  IDENTITY_TOKEN_INVALID: GrpcStatus.InvalidArgument,
  IDENTITY_TOKEN_NOT_AUTHENTICATED: GrpcStatus.FailedPrecondition,
  IDENTITY_TOKEN_SUBJECT_INVALID: GrpcStatus.InvalidArgument,
  IDENTITY_NAME_MISMATCH: GrpcStatus.FailedPrecondition,
  IDENTITY_SIGNING_FAILED: GrpcStatus.Internal,
};

/** A refusal as the proxy hears it; anything unforeseen is Internal, without its details. */
export function createGrpcRefusal(error: unknown): GrpcError {
  if (error instanceof MeshError && isRefusalCode(error.code)) {
    return new GrpcError(STATUS_BY_CODE[error.code], error.message, { cause: error });
  }
  return new GrpcError(GrpcStatus.Internal, 'The request failed inside the identity service; see its log.', {
    cause: error,
  });
}

function isRefusalCode(code: string): code is RefusalCode {
  return Object.hasOwn(STATUS_BY_CODE, code);
}

/** Why the program does not start. */
export type StartErrorCode =
  | 'IDENTITY_FLAGS_INVALID'
  | 'IDENTITY_FILE_UNREADABLE'
  | 'IDENTITY_JWKS_UNREADABLE'
  | 'IDENTITY_NO_TOKEN_REVIEWER'
  | 'IDENTITY_TOKEN_REVIEW_FORBIDDEN'
  | 'IDENTITY_ADMIN_LISTEN_FAILED';

export function createStartError(code: StartErrorCode, sentence: string, cause?: unknown): MeshError {
  return new MeshError(code, sentence, cause === undefined ? {} : { cause });
}
