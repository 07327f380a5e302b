import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { createStartError } from '../errors.ts';

/** The two signatures of service account tokens. Source: RFC 7518, section 3.1. */
export type JwtAlgorithm = 'RS256' | 'ES256';

export interface JwtKey {
  readonly algorithm: JwtAlgorithm;
  readonly key: KeyObject;
}

/** Keys by their key id. */
export type JwtKeys = ReadonlyMap<string, JwtKey>;

const MIN_RSA_BITS = 2048;

/**
 * Reads a JSON Web Key Set (RFC 7517). Keys for other algorithms or uses, and without a key id, are passed over.
 * Throws IDENTITY_JWKS_UNREADABLE, also when no key is left; `source` names the file.
 */
export function parseJwks(text: string, source: string): JwtKeys {
  const found = listKeys(text, source).flatMap((jwk): [string, JwtKey][] => {
    const key = readKey(jwk);
    return typeof jwk['kid'] === 'string' && key !== undefined ? [[jwk['kid'], key]] : [];
  });
  if (found.length === 0) throw refuse(source, 'holds no RSA or P-256 key with a "kid"');
  return new Map(found);
}

function listKeys(text: string, source: string): readonly Record<string, unknown>[] {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    throw refuse(source, 'is not JSON', error);
  }
  const keys: unknown = isRecord(document) ? document['keys'] : undefined;
  if (!Array.isArray(keys)) throw refuse(source, 'has no list "keys"');
  return keys.filter(isRecord);
}

function readKey(jwk: Record<string, unknown>): JwtKey | undefined {
  const algorithm =
    jwk['kty'] === 'RSA' ? 'RS256' : jwk['kty'] === 'EC' && jwk['crv'] === 'P-256' ? 'ES256' : undefined;
  if (algorithm === undefined || (jwk['alg'] ?? algorithm) !== algorithm || (jwk['use'] ?? 'sig') !== 'sig')
    return undefined;
  try {
    const key = createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' });
    const isWeak = algorithm === 'RS256' && (key.asymmetricKeyDetails?.modulusLength ?? 0) < MIN_RSA_BITS;
    return isWeak ? undefined : { algorithm, key };
  } catch {
    // One unreadable key does not spoil the others.
    return undefined;
  }
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function refuse(source: string, what: string, cause?: unknown): Error {
  const sentence = `The token keys in ${source} are unusable: the file ${what}; give a JSON Web Key Set {"keys": […]}.`;
  return createStartError('IDENTITY_JWKS_UNREADABLE', sentence, cause);
}
