import type { KubernetesClient } from './client.ts';

/** What somebody wants to do: with objects, or with a path of the API server. */
export type AccessAttributes =
  | {
      readonly resourceAttributes: {
        readonly verb: string;
        /** Empty for the core group. */
        readonly group: string;
        /** The plural: `pods`. */
        readonly resource: string;
        readonly subresource?: string;
        readonly version?: string;
        readonly namespace?: string;
        readonly name?: string;
      };
    }
  | { readonly nonResourceAttributes: { readonly verb: string; readonly path: string } };

/** Who wants it. */
export interface AccessSubject {
  readonly user: string;
  readonly groups?: readonly string[];
  readonly uid?: string;
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

export interface AccessReview {
  readonly allowed: boolean;
  /** Why, where the API says it; else empty. */
  readonly reason: string;
}

type Requester = Pick<KubernetesClient, 'request'>;

/** Asks whether somebody may do something. Rejects with a KubernetesError where nobody could be asked. */
export function reviewAccess(
  client: Requester,
  subject: AccessSubject,
  attributes: AccessAttributes,
): Promise<AccessReview> {
  return ask(client, 'SubjectAccessReview', { spec: { ...subject, ...attributes } });
}

/** Asks whether we ourselves may do something. Rejects with a KubernetesError where nobody could be asked. */
export function reviewOwnAccess(
  client: Requester,
  attributes: AccessAttributes,
  options: { readonly timeoutMs?: number } = {},
): Promise<AccessReview> {
  return ask(client, 'SelfSubjectAccessReview', { spec: attributes, ...options });
}

async function ask(
  client: Requester,
  kind: string,
  { spec, ...options }: { readonly spec: unknown; readonly timeoutMs?: number },
): Promise<AccessReview> {
  const { status } = await client.request<{ status?: { allowed?: boolean; reason?: string } }>({
    method: 'POST',
    path: `/apis/authorization.k8s.io/v1/${kind.toLowerCase()}s`,
    body: { apiVersion: 'authorization.k8s.io/v1', kind, metadata: {}, spec },
    isRepeatable: true,
    ...options,
  });
  return { allowed: status?.allowed === true, reason: status?.reason ?? '' };
}
