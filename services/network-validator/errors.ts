import { MeshError } from '#lib/base';

export type NetworkValidatorErrorCode =
  | 'FLAG_INVALID'
  | 'LISTEN_FAILED'
  | 'CONNECT_FAILED'
  | 'STRANGER_ANSWERED'
  | 'TIMED_OUT'
  | 'INTERRUPTED';

function createError(code: NetworkValidatorErrorCode, message: string, cause?: unknown): MeshError {
  return new MeshError(code, message, cause === undefined ? undefined : { cause });
}

const MEND =
  "the CNI plugin has not set up this pod's redirection: see that linkerd-cni runs on this node, then delete the pod";

export function invalidFlag(flag: string, value: string, wanted: string): MeshError {
  return createError('FLAG_INVALID', `--${flag} ${JSON.stringify(value)} is not valid: give ${wanted}`);
}

export function unknownFlag(message: string): MeshError {
  return createError('FLAG_INVALID', `${message}; --help lists the flags`);
}

export function failedListen(address: string, cause: unknown): MeshError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return createError(
    'LISTEN_FAILED',
    `cannot listen on ${address} (${why}): give --listen-addr a free one`,
    cause,
  );
}

export function failedConnect(address: string, cause: Error): MeshError {
  return createError(
    'CONNECT_FAILED',
    `a connection to ${address} failed instead of being redirected (${cause.message}): ${MEND}`,
    cause,
  );
}

export function answeredByStranger(address: string, listenAddress: string): MeshError {
  return createError(
    'STRANGER_ANSWERED',
    `a connection to ${address} was answered by somebody else, not by the listener on ${listenAddress}: ${MEND}`,
  );
}

export function timedOut(address: string, timeoutMs: number): MeshError {
  return createError(
    'TIMED_OUT',
    `a connection to ${address} was not redirected within ${timeoutMs} ms: ${MEND}`,
  );
}

export function interrupted(signal: string): MeshError {
  return createError('INTERRUPTED', `${signal} came before the redirection was seen to work`);
}
