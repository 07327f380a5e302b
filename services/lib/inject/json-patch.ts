import { MeshError } from '#lib/base';

/** The only operation that injection needs. Source: RFC 6902, section 4.1. */
export interface AddOperation {
  readonly op: 'add';
  readonly path: string;
  readonly value: unknown;
}

/** A patch's path of the given reference tokens, escaped. Source: RFC 6901, section 3. */
export function jsonPointer(...tokens: readonly (string | number)[]): string {
  return tokens.map((token) => `/${String(token).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/** A copy of `document` with the operations carried out in order. */
export function applyPatch<T>(document: T, patch: readonly AddOperation[]): T {
  const copy = structuredClone(document);
  for (const operation of patch) add(copy, operation);
  return copy;
}

function add(document: unknown, operation: AddOperation): void {
  const tokens = operation.path.split('/').slice(1).map(unescapeToken);
  const last = tokens.pop();
  let target: unknown = document;
  for (const token of tokens) target = (target as Record<string, unknown> | undefined)?.[token];
  if (last === undefined || typeof target !== 'object' || target === null) {
    throw new MeshError(
      'INJECT_PATCH_PATH',
      `A patch adds to "${operation.path}", whose parent the object does not have.`,
    );
  }
  const value = structuredClone(operation.value);
  if (Array.isArray(target)) target.splice(last === '-' ? target.length : Number(last), 0, value);
  else (target as Record<string, unknown>)[last] = value;
}

function unescapeToken(token: string): string {
  return token.replaceAll('~1', '/').replaceAll('~0', '~');
}
