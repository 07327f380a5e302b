/**
 * An error that a user may see: a stable code, one sentence that says which thing, what is wrong with it and
 * what to do, and the error underneath.
 */
export class MeshError extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'MeshError';
    this.code = code;
  }
}

/** The sentence of an error of any kind, for a log line or a message around it. */
export function describeError(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The `code` of a Node or mesh error (`ECONNREFUSED`, `ENOENT`, …), or an empty string. */
export function errorCode(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string') {
    return error.code;
  }
  return '';
}
