import { describeError, MeshError } from '#lib/base';

/** A command line that cannot be carried out. */
export function invalidFlag(flag: string, value: string, wanted: string): MeshError {
  return new MeshError('CLI_FLAG_INVALID', `${flag} ${JSON.stringify(value)} is not valid: give ${wanted}`);
}

/** What goes to standard error for any error: one sentence, and no stack unless the error is ours to mend. */
export function renderError(error: unknown): string {
  if (error instanceof MeshError || !(error instanceof Error)) return `Error: ${describeError(error)}\n`;
  return `Error: ${error.message}\n${(error.stack ?? '').split('\n').slice(1, 6).join('\n')}\n`;
}
