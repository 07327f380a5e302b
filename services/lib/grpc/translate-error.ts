import type { ServiceError } from '@grpc/grpc-js';
import { describeError } from '#lib/base';
import { GrpcError } from './error.ts';
import { GrpcStatus, isGrpcStatus } from './status.ts';

/**
 * The one place where errors that are not ours become ours: grpc-js's keep their code and sentence, and
 * anything else, a MeshError too, is Unknown with its sentence, as in upstream's servers.
 */
export function toGrpcError(error: unknown): GrpcError {
  if (error instanceof GrpcError) return error;
  if (isServiceError(error)) {
    const code = isGrpcStatus(error.code) ? error.code : GrpcStatus.Unknown;
    return new GrpcError(code, error.details, { cause: error });
  }
  return new GrpcError(GrpcStatus.Unknown, describeError(error), { cause: error });
}

/** What grpc-js takes as the end of a call. The sentence is made safe for its percent-encoding. */
export function toServiceError(
  error: GrpcError,
): Pick<ServiceError, 'code' | 'details' | 'message' | 'name'> {
  const details = error.message.toWellFormed();
  return { name: error.name, message: details, code: error.code, details };
}

function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && 'code' in error && typeof error.code === 'number' && 'details' in error;
}
