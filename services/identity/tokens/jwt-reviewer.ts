import type { Clock } from '#lib/base';
import type { TokenReviewer } from '../core/token-reviewer.ts';
import type { JwtKeys } from './jwks.ts';
import { verifyJwt } from './jwt.ts';

export interface JwtReviewerOptions {
  /** The keys of this moment: they may change while running. */
  readonly getKeys: () => JwtKeys;
  readonly skewMs: number;
  readonly clock: Clock;
}

/** Reviews tokens by their signature alone, with no Kubernetes to ask (design.md, D5). */
export function createJwtReviewer({ getKeys, skewMs, clock }: JwtReviewerOptions): TokenReviewer {
  return {
    review: async (token, audience) => {
      // There is no default audience to fall back to: a token for somebody else must not do.
      if (audience === undefined) return { authenticated: false, username: '', error: 'it has no audience' };
      const verdict = verifyJwt(token.trim(), { keys: getKeys(), audience, nowMs: clock.now(), skewMs });
      if (!verdict.ok) return { authenticated: false, username: '', error: verdict.reason };
      return { authenticated: true, username: verdict.subject, error: '' };
    },
  };
}
