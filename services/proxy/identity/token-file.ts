import { readFileSync } from 'node:fs';
import { errorCode, MeshError } from '#lib/base';

const VARIABLE = 'LINKERD2_PROXY_IDENTITY_TOKEN_FILE';

/** The bytes of the service account's token, as they are. Throws a MeshError that names the file. */
export function readToken(path: string): Buffer {
  let token: Buffer;
  try {
    token = readFileSync(path);
  } catch (error) {
    const reason = errorCode(error) || String(error);
    throw new MeshError(
      'IDENTITY_TOKEN',
      `the service account token ${path} (${VARIABLE}) cannot be read: ${reason}; mount the token there`,
      { cause: error },
    );
  }
  if (token.length > 0) return token;
  throw new MeshError(
    'IDENTITY_TOKEN',
    `the service account token ${path} (${VARIABLE}) is empty; mount the token there`,
  );
}
