import { create, destination, httpTypes, type MessageInitShape } from '#lib/api';
import type { Profile, RequestMatch, ResponseMatch, Route } from '../core/profile/profile.ts';
import { toMetadata } from './addresses.ts';
import { toDuration } from './durations.ts';
import { toWeightedAddr } from './weighted-address.ts';

const { HttpMethod_Registered: Method } = httpTypes;
const REGISTERED_METHODS = new Map([
  ['GET', Method.GET],
  ['POST', Method.POST],
  ['PUT', Method.PUT],
  ['DELETE', Method.DELETE],
  ['PATCH', Method.PATCH],
  ['OPTIONS', Method.OPTIONS],
  ['CONNECT', Method.CONNECT],
  ['HEAD', Method.HEAD],
  ['TRACE', Method.TRACE],
]);

/** Source: facts sheet proxy-api, section 8, DestinationProfile. */
export function toDestinationProfile(
  profile: Profile,
  http2: destination.Http2ClientParams,
): destination.DestinationProfile {
  const { retryBudget, parent, serviceProfile } = profile;
  const endpoint = profile.endpoint && toWeightedAddr(profile.endpoint, http2);
  return create(destination.DestinationProfileSchema, {
    fullyQualifiedName: profile.fullyQualifiedName,
    opaqueProtocol: profile.opaque,
    routes: profile.routes.map(toRoute),
    dstOverrides: profile.dstOverrides.map(({ authority, weight, backend }) => ({
      authority,
      weight,
      ...(backend && { backendRef: toMetadata(backend) }),
    })),
    ...(retryBudget && {
      retryBudget: {
        retryRatio: retryBudget.retryRatio,
        minRetriesPerSecond: retryBudget.minRetriesPerSecond,
        ttl: toDuration(retryBudget.ttlMs),
      },
    }),
    ...(endpoint && { endpoint }),
    ...(parent && { parentRef: toMetadata(parent) }),
    ...(serviceProfile && { profileRef: toMetadata(serviceProfile) }),
  });
}

function toRoute(route: Route): MessageInitShape<typeof destination.RouteSchema> {
  return {
    condition: toRequestMatch(route.condition),
    responseClasses: route.responseClasses.map(({ condition, isFailure }) => ({
      condition: toResponseMatch(condition),
      isFailure,
    })),
    metricsLabels: { route: route.name },
    isRetryable: route.isRetryable,
    ...(route.timeoutMs !== undefined && { timeout: toDuration(route.timeoutMs) }),
  };
}

function toRequestMatch(match: RequestMatch): destination.RequestMatch {
  const wrap = (value: MessageInitShape<typeof destination.RequestMatchSchema>['match']) =>
    create(destination.RequestMatchSchema, value === undefined ? {} : { match: value });
  switch (match.kind) {
    case 'all':
    case 'any':
      return wrap({ case: match.kind, value: { matches: match.matches.map(toRequestMatch) } });
    case 'not':
      return wrap({ case: 'not', value: toRequestMatch(match.match) });
    case 'path':
      return wrap({ case: 'path', value: { regex: match.regex } });
    case 'method':
      return wrap({ case: 'method', value: toHttpMethod(match.method) });
  }
}

function toResponseMatch(match: ResponseMatch): destination.ResponseMatch {
  const wrap = (value: MessageInitShape<typeof destination.ResponseMatchSchema>['match']) =>
    create(destination.ResponseMatchSchema, value === undefined ? {} : { match: value });
  switch (match.kind) {
    case 'all':
    case 'any':
      return wrap({ case: match.kind, value: { matches: match.matches.map(toResponseMatch) } });
    case 'not':
      return wrap({ case: 'not', value: toResponseMatch(match.match) });
    case 'status':
      return wrap({ case: 'status', value: { min: match.min, max: match.max } });
  }
}

function toHttpMethod(method: string): MessageInitShape<typeof httpTypes.HttpMethodSchema> {
  const registered = REGISTERED_METHODS.get(method.toUpperCase());
  return registered === undefined
    ? { type: { case: 'unregistered', value: method } }
    : { type: { case: 'registered', value: registered } };
}
