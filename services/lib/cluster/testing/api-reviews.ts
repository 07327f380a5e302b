import type { ApiRequest } from './api-request.ts';

/** Whom a token stands for. */
export interface KnownToken {
  /** `system:serviceaccount:NAMESPACE:NAME`. */
  readonly username: string;
  readonly groups?: readonly string[];
  /** @default the API server's own audience */
  readonly audiences?: readonly string[];
}

/** What a SubjectAccessReview or SelfSubjectAccessReview asks. */
export interface AccessQuestion {
  readonly user?: string;
  readonly groups?: readonly string[];
  readonly resourceAttributes?: Readonly<Record<string, string>>;
  readonly nonResourceAttributes?: Readonly<Record<string, string>>;
}

export interface Reviews {
  readonly tokens: Map<string, KnownToken>;
  /** @default everything is allowed */
  decideAccess: (question: AccessQuestion) => boolean;
  /** Undefined where the path is none of a review. */
  answer(request: ApiRequest): unknown;
}

const API_AUDIENCE = 'https://kubernetes.default.svc.cluster.local';

export function createReviews(): Reviews {
  const reviews: Reviews = {
    tokens: new Map(),
    decideAccess: () => true,
    answer(request) {
      if (request.method !== 'POST') return undefined;
      const body = request.body as { readonly spec: never };
      if (request.path.endsWith('/tokenreviews'))
        return { ...body, status: reviewToken(body.spec, reviews.tokens) };
      if (!/\/(?:self)?subjectaccessreviews$/.test(request.path)) return undefined;
      const allowed = reviews.decideAccess(body.spec);
      return { ...body, status: { allowed, ...(!allowed && { reason: 'the fake says no' }) } };
    },
  };
  return reviews;
}

function reviewToken(
  spec: { readonly token: string; readonly audiences?: readonly string[] },
  tokens: ReadonlyMap<string, KnownToken>,
): unknown {
  const known = tokens.get(spec.token);
  if (known === undefined) return { user: {}, error: '[invalid bearer token]' };
  const wanted = spec.audiences ?? [API_AUDIENCE];
  const audiences = (known.audiences ?? [API_AUDIENCE]).filter((audience) => wanted.includes(audience));
  if (audiences.length === 0) {
    const error = `[invalid bearer token, token audiences ${JSON.stringify(known.audiences)} is invalid for the target audiences ${JSON.stringify(wanted)}]`;
    return { user: {}, error };
  }
  return {
    authenticated: true,
    user: { username: known.username, uid: '1', groups: known.groups ?? ['system:authenticated'] },
    audiences,
  };
}
