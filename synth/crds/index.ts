/** The kinds that the chart linkerd-crds brings: ten of Linkerd's, and four of the Gateway API on request. */
import { AUTHORIZATION_POLICY } from './authorization-policy.ts';
import type { CrdDefinition } from './definition.ts';
import { EGRESS_NETWORK } from './egress-network.ts';
import { EXTERNAL_WORKLOAD } from './external-workload.ts';
import { HTTP_LOCAL_RATE_LIMIT_POLICY } from './http-local-rate-limit-policy.ts';
import { HTTP_ROUTE } from './http-route.ts';
import { MESH_TLS_AUTHENTICATION } from './mesh-tls-authentication.ts';
import { NETWORK_AUTHENTICATION } from './network-authentication.ts';
import { SERVER } from './server.ts';
import { SERVER_AUTHORIZATION } from './server-authorization.ts';
import { SERVICE_PROFILE } from './service-profile.ts';

export type { CrdDefinition } from './definition.ts';
export { buildCrd } from './definition.ts';
export { GATEWAY_CRDS } from './gateway/index.ts';

/** Always installed. */
export const LINKERD_CRDS: readonly CrdDefinition[] = [
  AUTHORIZATION_POLICY,
  EGRESS_NETWORK,
  EXTERNAL_WORKLOAD,
  HTTP_LOCAL_RATE_LIMIT_POLICY,
  HTTP_ROUTE,
  MESH_TLS_AUTHENTICATION,
  NETWORK_AUTHENTICATION,
  SERVER,
  SERVER_AUTHORIZATION,
  SERVICE_PROFILE,
];
