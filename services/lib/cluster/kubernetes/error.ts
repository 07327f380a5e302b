import { MeshError } from '#lib/base';

/** Why a call to the API gave nothing. */
export type KubernetesErrorCode =
  /** No answer: no connection, cut, or too late. */
  | 'LINKERD_KUBERNETES_UNREACHABLE'
  /** An answer that says no: `status` and `reason` tell how. */
  | 'LINKERD_KUBERNETES_REFUSED'
  /** An answer that is not what an API server says. */
  | 'LINKERD_KUBERNETES_UNREADABLE';

export interface KubernetesErrorDetails {
  /** The HTTP status; 0 where there was no answer. */
  readonly status: number;
  /** `NotFound`, `Conflict`, `Forbidden`, … of the Status object; empty where it names none. */
  readonly reason: string;
  /** How long the server wants us to wait. */
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

/** A call to the Kubernetes API that failed. The message says which call, at which server. */
export class KubernetesError extends MeshError {
  readonly status: number;
  readonly reason: string;
  readonly retryAfterMs: number | undefined;

  constructor(code: KubernetesErrorCode, message: string, details: KubernetesErrorDetails) {
    super(code, message, details.cause === undefined ? {} : { cause: details.cause });
    this.name = 'KubernetesError';
    this.status = details.status;
    this.reason = details.reason;
    this.retryAfterMs = details.retryAfterMs;
  }
}

/** Whether an error is an answer of the API with this status. */
export function hasStatus(error: unknown, status: number): error is KubernetesError {
  return error instanceof KubernetesError && error.status === status;
}
