import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import type { Clock } from '#lib/base';
import type { Pod } from '#lib/resources';
import { keyOf } from './core/names.ts';

/** Signs the tokens of service accounts, as the API server does on a cluster. */
export interface TokenIssuer {
  /** A JWK set with the public key: what identity checks tokens with. */
  readonly jwks: string;
  /** The pod's token for an audience: the same one until four fifths of its life have passed, then a new one. */
  issue(pod: Pod, audience: string, lifetimeSeconds: number): string;
  /** Forgets the tokens of a pod that is gone. */
  forget(pod: Pod): void;
}

const TOKEN_ISSUER = 'https://kubernetes.default.svc.cluster.local';
/** A token is replaced when this share of its life has passed. */
const REFRESH_SHARE = 0.8;
const MIN_LIFETIME_SECONDS = 600;

/** A token issuer with a new key (ES256), which never leaves this process. Source: RFC 7515, RFC 7517, RFC 7519. */
export function createTokenIssuer(clock: Clock): TokenIssuer {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwk = publicKey.export({ format: 'jwk' });
  const kid = createHash('sha256')
    .update(JSON.stringify({ crv: jwk.crv, kty: jwk.kty, x: jwk.x, y: jwk.y }))
    .digest('base64url');
  const issued = new Map<string, Map<string, { token: string; refreshAtMs: number }>>();
  return {
    jwks: `${JSON.stringify({ keys: [{ ...jwk, kid, alg: 'ES256', use: 'sig' }] })}\n`,
    issue(pod, audience, lifetimeSeconds) {
      const ofPod = issued.get(keyOf(pod)) ?? new Map<string, { token: string; refreshAtMs: number }>();
      issued.set(keyOf(pod), ofPod);
      const known = ofPod.get(audience);
      const nowMs = clock.now();
      if (known !== undefined && nowMs < known.refreshAtMs) return known.token;
      const lifetimeMs = Math.max(lifetimeSeconds, MIN_LIFETIME_SECONDS) * 1000;
      const token = signToken({ kid, privateKey }, buildClaims(pod, audience, { nowMs, lifetimeMs }));
      ofPod.set(audience, { token, refreshAtMs: nowMs + lifetimeMs * REFRESH_SHARE });
      return token;
    },
    forget(pod) {
      issued.delete(keyOf(pod));
    },
  };
}

function buildClaims(
  pod: Pod,
  audience: string,
  time: { nowMs: number; lifetimeMs: number },
): Record<string, unknown> {
  const namespace = pod.metadata.namespace ?? 'default';
  const serviceAccount = pod.spec.serviceAccountName ?? 'default';
  const issuedAt = Math.floor(time.nowMs / 1000);
  return {
    iss: TOKEN_ISSUER,
    sub: `system:serviceaccount:${namespace}:${serviceAccount}`,
    aud: [audience === '' ? TOKEN_ISSUER : audience],
    iat: issuedAt,
    nbf: issuedAt,
    exp: issuedAt + Math.floor(time.lifetimeMs / 1000),
    'kubernetes.io': {
      namespace,
      serviceaccount: { name: serviceAccount },
      pod: { name: pod.metadata.name, uid: pod.metadata.uid },
    },
  };
}

function signToken(key: { kid: string; privateKey: KeyObject }, claims: Record<string, unknown>): string {
  const encode = (part: unknown) => Buffer.from(JSON.stringify(part)).toString('base64url');
  const signed = `${encode({ alg: 'ES256', typ: 'JWT', kid: key.kid })}.${encode(claims)}`;
  const signature = sign('sha256', Buffer.from(signed), { key: key.privateKey, dsaEncoding: 'ieee-p1363' });
  return `${signed}.${signature.toString('base64url')}`;
}
