import type { KubernetesClient } from './client.ts';

/** What the API says of a token. */
export interface TokenReview {
  readonly authenticated: boolean;
  /** `system:serviceaccount:NAMESPACE:NAME`; empty where nobody is authenticated. */
  readonly username: string;
  /** Of the ServiceAccount, where the token is of one; empty where the API does not say. */
  readonly uid: string;
  readonly groups: readonly string[];
  /** Why the token is not good; empty where it is. */
  readonly error: string;
}

export interface TokenReviewOptions {
  readonly token: string;
  /** The token has to be for one of them. @default the API server's own */
  readonly audiences?: readonly string[];
}

interface WireStatus {
  readonly authenticated?: boolean;
  readonly user?: {
    readonly username?: string;
    readonly uid?: string;
    readonly groups?: readonly string[];
  };
  readonly audiences?: readonly string[];
  readonly error?: string;
}

const NOBODY = { authenticated: false, username: '', uid: '', groups: [] } as const;

/**
 * Asks the API whose token this is. A bad token is a result; rejects with a KubernetesError where nobody could be
 * asked. Source: kubernetes.io, "TokenReview (authentication.k8s.io/v1)".
 */
export async function reviewToken(
  client: Pick<KubernetesClient, 'request'>,
  { token, audiences = [] }: TokenReviewOptions,
): Promise<TokenReview> {
  const { status = {} } = await client.request<{ readonly status?: WireStatus }>({
    method: 'POST',
    path: '/apis/authentication.k8s.io/v1/tokenreviews',
    body: {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenReview',
      metadata: {},
      spec: { token, ...(audiences.length > 0 && { audiences }) },
    },
    isRepeatable: true,
  });
  const { authenticated = false, user, error = '' } = status;
  if (!authenticated) return { ...NOBODY, error };
  // A server that knows no audiences leaves the field out: then nobody has checked them.
  if (audiences.length > 0 && !audiences.some((audience) => status.audiences?.includes(audience))) {
    const problem = `the API server did not check the token audiences ${audiences.join(', ')}`;
    return { ...NOBODY, error: problem };
  }
  const { username = '', uid = '', groups = [] } = user ?? {};
  return { authenticated, username, uid, groups, error };
}
