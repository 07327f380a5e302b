import type { outbound } from '#lib/api';
import type { OpaquePolicy, OpaqueRoute } from '../../outbound/client-policy.ts';
import { convertDistribution } from './distribution.ts';
import { InvalidPolicyError, requireField } from './invalid-policy.ts';
import { convertOutboundMetadata } from './metadata.ts';

type Filter = outbound.OpaqueRoute_Filter | outbound.TlsRoute_Filter;
type Refusal = 'forbidden' | 'invalid';

/** At most one route, with exactly one rule. */
export function convertOpaque({ routes }: outbound.ProxyProtocol_Opaque): OpaquePolicy {
  if (routes.length > 1) throw new InvalidPolicyError('there is more than one opaque route');
  return { route: routes[0] === undefined ? undefined : convertRoute(routes[0]) };
}

/** Until TLS is routed by its server name, a policy may only have one route that takes every name. */
export function convertTls({ routes }: outbound.ProxyProtocol_Tls): OpaquePolicy {
  if (routes.length > 1 || routes.some(({ snis }) => snis.length > 0)) {
    throw new InvalidPolicyError('TLS routes that choose by server name are not supported');
  }
  return { route: routes[0] === undefined ? undefined : convertRoute(routes[0]) };
}

function convertRoute(route: outbound.OpaqueRoute | outbound.TlsRoute): OpaqueRoute {
  const meta = convertOutboundMetadata(route.metadata);
  if (route.rules.length !== 1) throw new InvalidPolicyError('an opaque route has not exactly one rule');
  const rule = requireField(route.rules[0], 'the rule of an opaque route');
  const own = findRefusal(rule.filters);
  const { distribution, refusal } = convertDistribution<Filter, Refusal>(rule.backends, findRefusal);
  return { meta, verdict: own ?? refusal ?? 'forward', distribution };
}

function findRefusal(filters: readonly Filter[]): Refusal | undefined {
  const refusals = filters.map(({ kind }) => requireField(kind.case, 'the kind of a filter'));
  return refusals[0];
}
