/** The status codes of gRPC. Source: grpc.github.io/grpc/core/md_doc_statuscodes.html. */
export const GrpcStatus = {
  Ok: 0,
  Cancelled: 1,
  Unknown: 2,
  InvalidArgument: 3,
  DeadlineExceeded: 4,
  NotFound: 5,
  AlreadyExists: 6,
  PermissionDenied: 7,
  ResourceExhausted: 8,
  FailedPrecondition: 9,
  Aborted: 10,
  OutOfRange: 11,
  Unimplemented: 12,
  Internal: 13,
  Unavailable: 14,
  DataLoss: 15,
  Unauthenticated: 16,
} as const;

export type GrpcStatus = (typeof GrpcStatus)[keyof typeof GrpcStatus];

const NAMES = new Map<number, string>(Object.entries(GrpcStatus).map(([name, code]) => [code, name]));

/** The code's name as Go's metrics write it: `OK`, `Canceled`, `InvalidArgument`, … */
export function grpcStatusName(code: GrpcStatus): string {
  switch (code) {
    case GrpcStatus.Ok:
      return 'OK';
    case GrpcStatus.Cancelled:
      return 'Canceled';
    default:
      return NAMES.get(code) ?? String(code);
  }
}

/** Whether a number is one of the codes. */
export function isGrpcStatus(code: unknown): code is GrpcStatus {
  return typeof code === 'number' && NAMES.has(code);
}
