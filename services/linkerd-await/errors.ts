import { MeshError } from '#lib/base';

export type LinkerdAwaitErrorCode = 'FLAG_INVALID' | 'PROXY_UNREADY' | 'COMMAND_FAILED';

function createError(code: LinkerdAwaitErrorCode, message: string, cause?: unknown): MeshError {
  return new MeshError(code, message, cause === undefined ? undefined : { cause });
}

export function invalidFlag(flag: string, value: string, wanted: string): MeshError {
  return createError('FLAG_INVALID', `--${flag} ${JSON.stringify(value)} is not valid: give ${wanted}`);
}

export function unknownFlag(message: string): MeshError {
  return createError('FLAG_INVALID', `${message}; --help lists the flags`);
}

export function missingCommand(flag: string): MeshError {
  return createError('FLAG_INVALID', `--${flag} needs a command: give one after --`);
}

export function unreadyProxy(port: number, timeoutMs: number, last: string): MeshError {
  return createError(
    'PROXY_UNREADY',
    `the proxy was not ready within ${timeoutMs} ms (http://127.0.0.1:${port}/ready: ${last}): its own log says what it waits for`,
  );
}

export function failedCommand(command: string, cause: unknown): MeshError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return createError(
    'COMMAND_FAILED',
    `the command ${command} cannot be run (${why}): check its path and that it may be executed`,
    cause,
  );
}
