import { verify } from 'node:crypto';
import { isRecord, type JwtKey, type JwtKeys } from './jwks.ts';

export interface JwtExpectation {
  readonly keys: JwtKeys;
  readonly audience: string;
  readonly nowMs: number;
  /** How far the signer's clock may be from ours. */
  readonly skewMs: number;
}

export type JwtVerdict =
  | { readonly ok: true; readonly subject: string }
  | { readonly ok: false; readonly reason: string };

const MAX_TOKEN_LENGTH = 16_384;

/** Verifies a signed JSON Web Token (RFC 7519) strictly: known key, its own algorithm, expiry, audience, subject. */
export function verifyJwt(token: string, expected: JwtExpectation): JwtVerdict {
  const parts = token.split('.');
  const [header, payload, signature] = parts;
  if (parts.length !== 3 || !header || !payload || !signature || token.length > MAX_TOKEN_LENGTH) {
    return refuse('it is no signed JWT');
  }
  const head = readJson(header);
  const claims = readJson(payload);
  if (head === undefined || claims === undefined || !isBase64Url(signature))
    return refuse('it is no signed JWT');
  const key = typeof head['kid'] === 'string' ? expected.keys.get(head['kid']) : undefined;
  if (key === undefined) return refuse('it is signed by an unknown key');
  // The key decides about the algorithm, never the token (RFC 8725, section 3.1).
  if (head['alg'] !== key.algorithm || head['crit'] !== undefined)
    return refuse('its algorithm is not that of its key');
  if (!isSignedBy(key, `${header}.${payload}`, signature)) return refuse('its signature is wrong');
  return checkClaims(claims, expected);
}

function checkClaims(
  claims: Record<string, unknown>,
  { nowMs, skewMs, audience }: JwtExpectation,
): JwtVerdict {
  const { exp, nbf, aud, sub } = claims;
  if (typeof exp !== 'number') return refuse('it has no expiry');
  if (nowMs >= exp * 1000 + skewMs) return refuse('it has expired');
  if (nbf !== undefined && !(typeof nbf === 'number' && nowMs >= nbf * 1000 - skewMs))
    return refuse('it is not valid yet');
  if (!(Array.isArray(aud) ? aud : [aud]).includes(audience))
    return refuse(`it is not meant for the audience ${audience}`);
  if (typeof sub !== 'string' || sub === '') return refuse('it has no subject');
  return { ok: true, subject: sub };
}

function isSignedBy({ algorithm, key }: JwtKey, signed: string, signature: string): boolean {
  const bytes = Buffer.from(signature, 'base64url');
  const verifier = algorithm === 'ES256' ? ({ key, dsaEncoding: 'ieee-p1363' } as const) : key;
  try {
    return verify('sha256', Buffer.from(signed), verifier, bytes);
  } catch {
    return false;
  }
}

function readJson(part: string): Record<string, unknown> | undefined {
  if (!isBase64Url(part)) return undefined;
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isBase64Url(text: string): boolean {
  return /^[A-Za-z0-9_-]+$/.test(text);
}

function refuse(reason: string): JwtVerdict {
  return { ok: false, reason };
}
