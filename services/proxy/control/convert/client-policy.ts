import type { outbound } from '#lib/api';
import type {
  ClientPolicy,
  ClientProtocol,
  HttpPolicy,
  OutboundRoute,
  OutboundRule,
} from '../../outbound/client-policy.ts';
import { defaultMeta } from '../../policy/metadata.ts';
import { convertDistribution } from './distribution.ts';
import { readDurationMs } from './duration.ts';
import { convertFailureAccrual } from './failure-accrual.ts';
import { findGrpcFailure, findHttpFailure } from './http-filter.ts';
import { InvalidPolicyError, requireField } from './invalid-policy.ts';
import { convertOutboundMetadata } from './metadata.ts';
import { convertOpaque, convertTls } from './opaque-route.ts';
import { convertGrpcMatch, convertHostMatch, convertHttpMatch } from './route-match.ts';
import { checkRuleSettings } from './rule-settings.ts';

/** Source: facts sheet proxy-api, section 10. Throws InvalidPolicyError for a policy that cannot be used. */
export function convertClientPolicy(policy: outbound.OutboundPolicy): ClientPolicy {
  return {
    parent: convertOutboundMetadata(policy.metadata),
    protocol: convertProtocol(requireField(policy.protocol, 'the protocol of a policy')),
  };
}

/** In force in the place of a policy that cannot be used: every request and every connection fails. */
export function createInvalidClientPolicy(): ClientPolicy {
  const meta = defaultMeta('invalid');
  const distribution = { kind: 'empty' } as const;
  const rule = { matches: [], distribution, failure: { status: 500, message: 'unexpected error' } };
  const http = { routes: [{ meta, hosts: [], rules: [rule] }], failureAccrual: undefined };
  const opaque = { route: { meta, verdict: 'invalid', distribution } } as const;
  return { parent: meta, protocol: { kind: 'detect', http1: http, http2: http, opaque } };
}

function convertProtocol({ kind }: outbound.ProxyProtocol): ClientProtocol {
  switch (kind.case) {
    case 'detect':
      return convertDetect(kind.value);
    case 'http1':
    case 'http2':
      return { kind: kind.case, http: convertHttp(kind.value) };
    case 'grpc':
      return { kind: 'grpc', http: convertGrpc(kind.value) };
    case 'opaque':
      return { kind: 'opaque', opaque: convertOpaque(kind.value) };
    case 'tls':
      return { kind: 'tls', opaque: convertTls(kind.value) };
    default:
      throw new InvalidPolicyError('the protocol of a policy has no kind');
  }
}

function convertDetect(detect: outbound.ProxyProtocol_Detect): ClientProtocol {
  // Required, and then ours from the environment is used.
  readDurationMs(detect.timeout, 'the timeout of protocol detection');
  return {
    kind: 'detect',
    http1: convertHttp(requireField(detect.http1, 'the HTTP/1 part of a detected protocol')),
    http2: convertHttp(requireField(detect.http2, 'the HTTP/2 part of a detected protocol')),
    opaque: convertOpaque(requireField(detect.opaque, 'the opaque part of a detected protocol')),
  };
}

function convertHttp(protocol: outbound.ProxyProtocol_Http1 | outbound.ProxyProtocol_Http2): HttpPolicy {
  return {
    routes: protocol.routes.map((route) => ({
      ...convertRouteFrame(route),
      rules: route.rules.map(convertHttpRule),
    })),
    failureAccrual: convertFailureAccrual(protocol.failureAccrual),
  };
}

function convertGrpc(protocol: outbound.ProxyProtocol_Grpc): HttpPolicy {
  return {
    isGrpc: true,
    routes: protocol.routes.map((route) => ({
      ...convertRouteFrame(route),
      rules: route.rules.map(convertGrpcRule),
    })),
    failureAccrual: convertFailureAccrual(protocol.failureAccrual),
  };
}

function convertRouteFrame(route: outbound.HttpRoute | outbound.GrpcRoute): Omit<OutboundRoute, 'rules'> {
  return { meta: convertOutboundMetadata(route.metadata), hosts: route.hosts.map(convertHostMatch) };
}

function convertHttpRule(rule: outbound.HttpRoute_Rule): OutboundRule {
  checkRuleSettings(rule);
  const own = findHttpFailure(rule.filters);
  const { distribution, refusal } = convertDistribution(rule.backends, findHttpFailure);
  return { matches: rule.matches.map(convertHttpMatch), distribution, failure: own ?? refusal };
}

function convertGrpcRule(rule: outbound.GrpcRoute_Rule): OutboundRule {
  checkRuleSettings(rule);
  const own = findGrpcFailure(rule.filters);
  const { distribution, refusal } = convertDistribution(rule.backends, findGrpcFailure);
  return { matches: rule.matches.map(convertGrpcMatch), distribution, failure: own ?? refusal };
}
