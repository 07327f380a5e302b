import { httpTypes, type inbound, type MessageInitShape, toDuration, toIpNetwork } from '#lib/api';
import type {
  Authentication,
  Authorization,
  HttpMatch,
  InboundHttpRoute,
  InboundProtocol,
  InboundServer,
} from '../core/inbound-server.ts';
import { translateLabels, translateReference } from './metadata.ts';

/** A server as the proxy API says it. Source: facts sheet proxy-api, section 9. */
export function translateServer(server: InboundServer): MessageInitShape<typeof inbound.ServerSchema> {
  return {
    protocol: translateProtocol(server.protocol),
    authorizations: server.authorizations.map(translateAuthorization),
    labels: translateLabels(server.reference),
  };
}

function translateProtocol(protocol: InboundProtocol): MessageInitShape<typeof inbound.ProxyProtocolSchema> {
  if (protocol.kind === 'opaque') return { kind: { case: 'opaque', value: {} } };
  const value = {
    timeout: toDuration(protocol.timeoutMs),
    httpRoutes: protocol.routes.map(translateRoute),
  };
  return { kind: { case: 'detect', value } };
}

function translateRoute(route: InboundHttpRoute): MessageInitShape<typeof inbound.HttpRouteSchema> {
  return {
    metadata: translateReference(route.reference),
    authorizations: route.authorizations.map(translateAuthorization),
    rules: route.rules.map((rule) => ({ matches: rule.matches.map(translateMatch) })),
  };
}

function translateMatch({ path, method }: HttpMatch) {
  return {
    path: { kind: { case: path.kind, value: path.value } },
    ...(method !== undefined && {
      method: { type: { case: 'registered' as const, value: httpTypes.HttpMethod_Registered[method] } },
    }),
  };
}

function translateAuthorization(authorization: Authorization): MessageInitShape<typeof inbound.AuthzSchema> {
  return {
    networks: authorization.networks.map(toIpNetwork).flatMap((net) => (net === undefined ? [] : [{ net }])),
    authentication: translateAuthentication(authorization.authentication),
    labels: translateLabels(authorization.reference),
    metadata: translateReference(authorization.reference),
  };
}

function translateAuthentication(
  authentication: Authentication,
): MessageInitShape<typeof inbound.AuthnSchema> {
  if (authentication.kind === 'unauthenticated') return { permit: { case: 'unauthenticated', value: {} } };
  const value = {
    identities: authentication.identities.map((name) => ({ name })),
    suffixes: authentication.suffixes.map((parts) => ({ parts: [...parts] })),
  };
  return { permit: { case: 'meshTLS', value: { clients: { case: 'identities', value } } } };
}
