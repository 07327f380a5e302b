import { createPublicKey, verify } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Pod } from '#lib/resources';
import { createTokenIssuer } from './token-issuer.ts';

const DAY_SECONDS = 86_400;
const pod: Pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web-1', namespace: 'shop', uid: 'u-1' },
  spec: { serviceAccountName: 'web', containers: [] },
};

function setUp() {
  let nowMs = 1_800_000_000_000;
  const issuer = createTokenIssuer({ now: () => nowMs, monotonic: () => nowMs });
  return {
    issuer,
    pass: (seconds: number) => {
      nowMs += seconds * 1000;
    },
  };
}

describe('createTokenIssuer()', () => {
  it('signs tokens that its JWKS verifies, for the service account and the audience', () => {
    const { issuer } = setUp();
    const [header = '', payload = '', signature = ''] = issuer
      .issue(pod, 'identity.l5d.io', DAY_SECONDS)
      .split('.');
    const { keys } = JSON.parse(issuer.jwks);
    const { alg, kid } = JSON.parse(Buffer.from(header, 'base64url').toString());
    expect({ alg, kid }).toEqual({ alg: 'ES256', kid: keys[0].kid });
    expect(keys[0].d).toBeUndefined();
    const key = createPublicKey({ key: keys[0], format: 'jwk' });
    const signed = Buffer.from(`${header}.${payload}`);
    expect(
      verify('sha256', signed, { key, dsaEncoding: 'ieee-p1363' }, Buffer.from(signature, 'base64url')),
    ).toBe(true);
    expect(JSON.parse(Buffer.from(payload, 'base64url').toString())).toMatchObject({
      sub: 'system:serviceaccount:shop:web',
      aud: ['identity.l5d.io'],
      exp: 1_800_000_000 + DAY_SECONDS,
    });
  });

  it('keeps a token until four fifths of its life have passed, and forgets that of a pod that is gone', () => {
    const { issuer, pass } = setUp();
    const issue = () => issuer.issue(pod, 'identity.l5d.io', DAY_SECONDS);
    const first = issue();
    pass(DAY_SECONDS * 0.79);
    expect(issue()).toBe(first);
    pass(DAY_SECONDS * 0.02);
    const second = issue();
    expect(second).not.toBe(first);
    issuer.forget(pod);
    expect(issue()).not.toBe(second);
  });
});
