import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

/** A signer of tokens, as an API server or local mode is one. */
export interface TokenSigner {
  readonly jwk: Record<string, unknown>;
  /** A token with these claims; `header` overrides what stands in its header. */
  sign(claims: object, header?: object): string;
}

export function createTokenSigner(algorithm: 'RS256' | 'ES256', kid: string): TokenSigner {
  const { publicKey, privateKey } =
    algorithm === 'RS256'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    jwk: { ...publicKey.export({ format: 'jwk' }), kid, alg: algorithm, use: 'sig' },
    sign: (claims, header = {}) =>
      signToken({ alg: algorithm, kid, typ: 'JWT', ...header }, claims, privateKey),
  };
}

function signToken(header: object, claims: object, key: KeyObject): string {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${encode(header)}.${encode(claims)}`;
  const signature = sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' });
  return `${signed}.${signature.toString('base64url')}`;
}

/** The claims of a service account token. */
export function createClaims(nowMs: number, overrides: object = {}): object {
  const now = Math.floor(nowMs / 1000);
  return {
    iss: 'test',
    sub: 'system:serviceaccount:shop:web',
    aud: ['identity.l5d.io'],
    iat: now,
    nbf: now,
    exp: now + 3600,
    ...overrides,
  };
}
