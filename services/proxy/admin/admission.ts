import type { RequestHead } from '../http/head.ts';
import { authorize, type ClientInfo } from '../inbound/authorize.ts';
import type { InboundRoute, InboundRule, ServerPolicy } from '../inbound/server-policy.ts';
import { findRule } from '../policy/match-route.ts';
import { defaultMeta, type PolicyMeta } from '../policy/metadata.ts';

/** What the policy says of a request, and what metrics name of it. */
export type Admission =
  | { readonly kind: 'admitted'; readonly route: PolicyMeta; readonly authz: PolicyMeta }
  | { readonly kind: 'denied'; readonly route: PolicyMeta }
  | { readonly kind: 'no-route' };

const DEFAULT_ROUTE = defaultMeta('default');

/**
 * Whether the inbound policy of the admin port lets a client make a request; the pod itself always may. Source: facts
 * sheet proxy-wire, section 11. A policy without routes speaks for all requests, also one that is not about HTTP.
 */
export function admitRequest(policy: ServerPolicy, head: RequestHead, client: ClientInfo): Admission {
  const { protocol, authorizations } = policy;
  const routes = 'routes' in protocol ? protocol.routes : [];
  const found = routes.length === 0 ? undefined : findRule<InboundRule, InboundRoute>(routes, head);
  if (found === undefined && routes.length > 0) return { kind: 'no-route' };
  const all = [...(found?.route.authorizations ?? []), ...authorizations];
  const authz = authorize(all, client);
  const route = found?.route.meta ?? DEFAULT_ROUTE;
  return authz === undefined ? { kind: 'denied', route } : { kind: 'admitted', route, authz };
}
