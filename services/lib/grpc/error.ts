import type { GrpcStatus } from './status.ts';

/** How a call failed: a status code and a sentence that the other side reads. */
export class GrpcError extends Error {
  readonly code: GrpcStatus;

  constructor(code: GrpcStatus, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'GrpcError';
    this.code = code;
  }
}
