import { describeError, MeshError } from '#lib/base';

/** Why the program does not start. */
export function refuseFlag(flag: string, problem: string): MeshError {
  return new MeshError('LINKERD_INJECTOR_FLAG', `-${flag} ${problem}.`);
}

export function refuseFlags(problem: string, cause: unknown): MeshError {
  return new MeshError('LINKERD_INJECTOR_FLAG', `${problem}. Run with -help for the flags.`, { cause });
}

/** An address that cannot be listened on. */
export function refuseListen(flag: string, address: string, cause: unknown): MeshError {
  return new MeshError(
    'LINKERD_INJECTOR_LISTEN',
    `cannot listen on ${address}: ${describeError(cause)}; free the port or give another -${flag}.`,
    { cause },
  );
}

/** A file of the configuration that cannot be used; the program waits for a better one. */
export function refuseFile(path: string, problem: string, cause?: unknown): MeshError {
  return new MeshError('LINKERD_INJECTOR_FILE', `${path} ${problem}`, cause === undefined ? {} : { cause });
}

export type HttpRefusalReason =
  | 'method'
  | 'path'
  | 'too_large'
  | 'too_slow'
  | 'too_many'
  | 'garbage'
  | 'other';

/** A request that is no admission review: answered with a status and a sentence. */
export class HttpRefusal extends MeshError {
  readonly status: number;
  readonly reason: HttpRefusalReason;

  constructor(status: number, reason: HttpRefusalReason, sentence: string) {
    super('LINKERD_INJECTOR_REQUEST', sentence);
    this.status = status;
    this.reason = reason;
  }
}
