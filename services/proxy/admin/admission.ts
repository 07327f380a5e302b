import type { RequestHead } from '../http/head.ts';
import { authorize, type ClientInfo } from '../inbound/authorize.ts';
import type { InboundRoute, InboundRule, ServerPolicy } from '../inbound/server-policy.ts';
import { findRule } from '../policy/match-route.ts';

export type Admission = 'admitted' | 'denied' | 'no-route';

/**
 * Whether the inbound policy of the admin port lets a client make a request; the pod itself always may. Source: facts
 * sheet proxy-wire, section 11. A policy without routes speaks for all requests, also one that is not about HTTP.
 */
export function admitRequest(policy: ServerPolicy, head: RequestHead, client: ClientInfo): Admission {
  const { protocol, authorizations } = policy;
  const routes = 'routes' in protocol ? protocol.routes : [];
  const found = routes.length === 0 ? undefined : findRule<InboundRule, InboundRoute>(routes, head);
  if (found === undefined && routes.length > 0) return 'no-route';
  const all = [...(found?.route.authorizations ?? []), ...authorizations];
  return authorize(all, client) === undefined ? 'denied' : 'admitted';
}
