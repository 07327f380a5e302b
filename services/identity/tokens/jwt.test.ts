import { describe, expect, it } from 'vitest';
import { createClaims, createTokenSigner } from '../testing/token.ts';
import { parseJwks } from './jwks.ts';
import { verifyJwt } from './jwt.ts';
import { createJwtReviewer } from './jwt-reviewer.ts';

const NOW_MS = Date.UTC(2026, 10, 21);
const NOW = NOW_MS / 1000;
const ec = createTokenSigner('ES256', 'ec-1');
const rsa = createTokenSigner('RS256', 'rsa-1');
const stranger = createTokenSigner('ES256', 'ec-1');
const keys = parseJwks(JSON.stringify({ keys: [ec.jwk, rsa.jwk] }), 'jwks.json');

function judge(token: string): string {
  const verdict = verifyJwt(token, { keys, audience: 'identity.l5d.io', nowMs: NOW_MS, skewMs: 10_000 });
  return verdict.ok ? verdict.subject : verdict.reason;
}

describe('verifyJwt()', () => {
  it('takes ES256 and RS256 by key id', () => {
    expect(judge(ec.sign(createClaims(NOW_MS)))).toBe('system:serviceaccount:shop:web');
    expect(judge(rsa.sign(createClaims(NOW_MS)))).toBe('system:serviceaccount:shop:web');
    expect(judge(ec.sign(createClaims(NOW_MS, { aud: 'identity.l5d.io' })))).toBe(
      'system:serviceaccount:shop:web',
    );
  });

  it('allows for clocks that are apart, and no more', () => {
    expect(judge(ec.sign(createClaims(NOW_MS, { exp: NOW - 9 })))).toMatch(/^system:/);
    expect(judge(ec.sign(createClaims(NOW_MS, { exp: NOW - 10 })))).toBe('it has expired');
    expect(judge(ec.sign(createClaims(NOW_MS, { nbf: NOW + 10 })))).toMatch(/^system:/);
    expect(judge(ec.sign(createClaims(NOW_MS, { nbf: NOW + 11 })))).toBe('it is not valid yet');
  });

  it.each([
    ['another signer under the same key id', stranger.sign(createClaims(NOW_MS)), 'its signature is wrong'],
    ['an unknown key id', ec.sign(createClaims(NOW_MS), { kid: 'other' }), 'it is signed by an unknown key'],
    ['no key id', ec.sign(createClaims(NOW_MS), { kid: undefined }), 'it is signed by an unknown key'],
    [
      'the algorithm none',
      ec.sign(createClaims(NOW_MS), { alg: 'none' }),
      'its algorithm is not that of its key',
    ],
    [
      'a MAC with the public key',
      rsa.sign(createClaims(NOW_MS), { alg: 'HS256' }),
      'its algorithm is not that of its key',
    ],
    [
      'critical headers',
      ec.sign(createClaims(NOW_MS), { crit: ['x'] }),
      'its algorithm is not that of its key',
    ],
    ['no expiry', ec.sign(createClaims(NOW_MS, { exp: undefined })), 'it has no expiry'],
    ['an expiry in words', ec.sign(createClaims(NOW_MS, { exp: 'never' })), 'it has no expiry'],
    [
      'another audience',
      ec.sign(createClaims(NOW_MS, { aud: ['api'] })),
      'it is not meant for the audience identity.l5d.io',
    ],
    [
      'no audience',
      ec.sign(createClaims(NOW_MS, { aud: undefined })),
      'it is not meant for the audience identity.l5d.io',
    ],
    ['no subject', ec.sign(createClaims(NOW_MS, { sub: '' })), 'it has no subject'],
    ['nothing', '', 'it is no signed JWT'],
    ['garbage', 'a.b.c', 'it is no signed JWT'],
    ['padding', `${ec.sign(createClaims(NOW_MS))}==`, 'it is no signed JWT'],
    ['a list for claims', ec.sign([]), 'it is no signed JWT'],
    ['enormous length', `${'a'.repeat(20_000)}.b.c`, 'it is no signed JWT'],
  ])('refuses %s', (_, token, reason) => {
    expect(judge(token)).toBe(reason);
  });

  it('notices a changed claim', () => {
    const [header, , signature] = ec.sign(createClaims(NOW_MS)).split('.');
    const claims = Buffer.from(
      JSON.stringify(createClaims(NOW_MS, { sub: 'system:serviceaccount:x:admin' })),
    );
    expect(judge(`${header}.${claims.toString('base64url')}.${signature}`)).toBe('its signature is wrong');
  });
});

describe('parseJwks()', () => {
  it('passes over keys that it cannot use', () => {
    const p384 = { kty: 'EC', crv: 'P-384', kid: 'x', x: 'a', y: 'b' };
    const broken = { kty: 'EC', crv: 'P-256', kid: 'y', x: 'a', y: 'b' };
    const encryption = { ...rsa.jwk, kid: 'z', use: 'enc' };
    const found = parseJwks(
      JSON.stringify({ keys: [p384, broken, encryption, 7, { ...ec.jwk, kid: undefined }, ec.jwk] }),
      'f',
    );
    expect([...found.keys()]).toEqual(['ec-1']);
  });

  it.each([
    ['{', 'is not JSON'],
    ['[]', 'has no list "keys"'],
    ['{"keys":[]}', 'holds no RSA or P-256 key with a "kid"'],
  ])('says what is wrong with %j', (text, what) => {
    expect(() => parseJwks(text, 'jwks.json')).toThrow(
      `The token keys in jwks.json are unusable: the file ${what}; give a JSON Web Key Set {"keys": […]}.`,
    );
  });
});

describe('createJwtReviewer()', () => {
  const clock = { now: () => NOW_MS, monotonic: () => 0 };
  const reviewer = createJwtReviewer({ getKeys: () => keys, skewMs: 0, clock });

  it('takes the token as it stands in a file, with a newline', async () => {
    const result = await reviewer.review(`${ec.sign(createClaims(NOW_MS))}\n`, 'identity.l5d.io');
    expect(result).toEqual({ authenticated: true, username: 'system:serviceaccount:shop:web', error: '' });
  });

  it('does not drop the audience, nor ask Certify to', async () => {
    const token = ec.sign(createClaims(NOW_MS, { aud: ['api'] }));
    expect((await reviewer.review(token, undefined)).authenticated).toBe(false);
    expect((await reviewer.review(token, 'identity.l5d.io')).error).not.toContain('token audiences');
  });
});
