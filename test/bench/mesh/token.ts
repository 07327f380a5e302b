import { createSign, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { IDENTITY_TOKEN_AUDIENCE } from '../../../services/identity/contract.ts';

/** Signs service account tokens, as a cluster would; the identity service verifies them with `jwks`. */
export interface TokenSigner {
  /** A JSON Web Key Set with the public key. */
  readonly jwks: string;
  signToken(account: { namespace: string; name: string }): string;
}

const KEY_ID = 'bench';
const LIFETIME_SECONDS = 86_400;

export function createTokenSigner(): TokenSigner {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid: KEY_ID, alg: 'RS256', use: 'sig' };
  return {
    jwks: JSON.stringify({ keys: [jwk] }),
    signToken: (account) => signJwt(privateKey, buildClaims(account)),
  };
}

function buildClaims({ namespace, name }: { namespace: string; name: string }): Record<string, unknown> {
  const nowSeconds = Math.floor(Date.now() / 1000);
  return {
    iss: 'https://bench.invalid',
    sub: `system:serviceaccount:${namespace}:${name}`,
    aud: [IDENTITY_TOKEN_AUDIENCE],
    iat: nowSeconds,
    nbf: nowSeconds,
    exp: nowSeconds + LIFETIME_SECONDS,
  };
}

/** RFC 7519, signed with RS256. */
function signJwt(key: KeyObject, claims: Record<string, unknown>): string {
  const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${encode({ alg: 'RS256', typ: 'JWT', kid: KEY_ID })}.${encode(claims)}`;
  return `${signed}.${createSign('sha256').update(signed).sign(key, 'base64url')}`;
}
