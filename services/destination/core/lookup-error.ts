import { MeshError } from '#lib/base';

/** Why a question cannot be answered; the gRPC status that says so. */
export type LookupStatus = 'InvalidArgument' | 'NotFound' | 'FailedPrecondition';

export class LookupError extends MeshError {
  readonly status: LookupStatus;

  constructor(status: LookupStatus, message: string) {
    super(`LINKERD_DESTINATION_${status.toUpperCase()}`, message);
    this.name = 'LookupError';
    this.status = status;
  }
}
