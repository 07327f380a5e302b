import { fromDuration, type inbound } from '#lib/api';
import type { InboundRoute, InboundRule, ServerPolicy, ServerProtocol } from '../../inbound/server-policy.ts';
import { defaultMeta } from '../../policy/metadata.ts';
import { convertAuthorization } from './authorization.ts';
import { InvalidPolicyError, requireField } from './invalid-policy.ts';
import { convertMetadata, convertMetadataLabels } from './metadata.ts';
import { convertGrpcMatch, convertHostMatch, convertHttpMatch } from './route-match.ts';

/** Source: facts sheet proxy-api, section 9. Throws InvalidPolicyError for a policy that cannot be used. */
export function convertServerPolicy(server: inbound.Server): ServerPolicy {
  return {
    protocol: convertProtocol(requireField(server.protocol, 'the protocol of a server')),
    meta: convertMetadataLabels(server.labels, 'server'),
    authorizations: server.authorizations.map(convertAuthorization),
  };
}

const INVALID_META = defaultMeta('invalid');

/** In force in the place of a policy that cannot be used: every request fails with an internal error. */
export function createInvalidServerPolicy(detectTimeoutMs: number): ServerPolicy {
  const rule: InboundRule = { matches: [], filters: [{ kind: 'unknown' }] };
  const anyone = { net: { base: '0.0.0.0', prefixLength: 0 }, except: [] };
  const anyoneV6 = { net: { base: '::', prefixLength: 0 }, except: [] };
  return {
    protocol: {
      kind: 'detect',
      timeoutMs: detectTimeoutMs,
      routes: [
        {
          meta: INVALID_META,
          hosts: [],
          // Of the route alone: HTTP clients get to the rule that fails, other traffic has no authorization.
          authorizations: [
            {
              meta: INVALID_META,
              networks: [anyone, anyoneV6],
              authentication: { kind: 'unauthenticated' },
            },
          ],
          rules: [rule],
        },
      ],
    },
    meta: INVALID_META,
    authorizations: [],
  };
}

function convertProtocol({ kind }: inbound.ProxyProtocol): ServerProtocol {
  switch (kind.case) {
    case 'detect': {
      const timeoutMs = fromDuration(requireField(kind.value.timeout, 'the timeout of protocol detection'));
      if (timeoutMs < 0) throw new InvalidPolicyError('the timeout of protocol detection is negative');
      return { kind: 'detect', timeoutMs, routes: withDefault(kind.value.httpRoutes.map(convertHttpRoute)) };
    }
    case 'http1':
    case 'http2':
      return { kind: kind.case, routes: withDefault(kind.value.routes.map(convertHttpRoute)) };
    case 'grpc':
      return { kind: 'grpc', routes: withDefault(kind.value.routes.map(convertGrpcRoute)) };
    case 'opaque':
    case 'tls':
      return { kind: kind.case };
    default:
      throw new InvalidPolicyError('the protocol of a server has no kind');
  }
}

/** The implicit route of a server without routes; the server's authorizations decide. */
const DEFAULT_ROUTE: InboundRoute = {
  meta: defaultMeta('default'),
  hosts: [],
  authorizations: [],
  rules: [{ matches: [], filters: [] }],
};

function withDefault(routes: readonly InboundRoute[]): readonly InboundRoute[] {
  return routes.length === 0 ? [DEFAULT_ROUTE] : routes;
}

function convertHttpRoute(route: inbound.HttpRoute): InboundRoute {
  const convertRule = (rule: inbound.HttpRoute_Rule): InboundRule => ({
    matches: rule.matches.map(convertHttpMatch),
    filters: rule.filters.map(() => ({ kind: 'unknown' })),
  });
  return { ...convertRouteFrame(route), rules: route.rules.map(convertRule) };
}

function convertGrpcRoute(route: inbound.GrpcRoute): InboundRoute {
  const convertRule = (rule: inbound.GrpcRoute_Rule): InboundRule => ({
    matches: rule.matches.map(convertGrpcMatch),
    filters: rule.filters.map(() => ({ kind: 'unknown' })),
  });
  return { ...convertRouteFrame(route), rules: route.rules.map(convertRule) };
}

function convertRouteFrame(route: inbound.HttpRoute | inbound.GrpcRoute): Omit<InboundRoute, 'rules'> {
  return {
    meta: convertMetadata(route.metadata),
    hosts: route.hosts.map(convertHostMatch),
    authorizations: route.authorizations.map(convertAuthorization),
  };
}
