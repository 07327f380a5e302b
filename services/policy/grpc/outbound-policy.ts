import { type MessageInitShape, type outbound, toDuration, toTcpAddress } from '#lib/api';
import type {
  Backend,
  BackendTarget,
  OpaqueRoute,
  OutboundHttp,
  OutboundHttpRoute,
  OutboundHttpRule,
  OutboundPolicy,
  OutboundProtocol,
} from '../core/outbound-policy.ts';
import type { HttpRetry } from '../core/retry.ts';
import type { Timeouts } from '../core/timeouts.ts';
import { translateBackoff, translateFailureAccrual } from './failure-accrual.ts';
import { translateReference } from './metadata.ts';

/** What the proxy is told of the queue before a backend. Source: facts sheet proxy-api, section 10. */
const QUEUE = { capacity: 100, failfastTimeoutMs: 3000 };
const EWMA = { defaultRttMs: 30, decayMs: 10_000 };
const PENALTY_DECAY_MS = 10_000;
/** The weight of an address that stands alone; no balancer reads it. */
const FORWARD_WEIGHT = 1;

/** A policy as the proxy API says it. */
export function translatePolicy(
  policy: OutboundPolicy,
): MessageInitShape<typeof outbound.OutboundPolicySchema> {
  return {
    metadata: translateReference(policy.parent),
    protocol: translateProtocol(policy.protocol),
  };
}

function translateProtocol(
  protocol: OutboundProtocol,
): MessageInitShape<typeof outbound.ProxyProtocolSchema> {
  switch (protocol.kind) {
    case 'opaque':
      return { kind: { case: 'opaque', value: translateOpaque(protocol.route) } };
    case 'http1':
      return { kind: { case: 'http1', value: translateHttp(protocol.http) } };
    case 'http2':
      return { kind: { case: 'http2', value: translateHttp(protocol.http) } };
    case 'detect': {
      const value = {
        timeout: toDuration(protocol.timeoutMs),
        opaque: translateOpaque(protocol.opaque),
        http1: translateHttp(protocol.http),
        http2: translateHttp(protocol.http),
      };
      return { kind: { case: 'detect', value } };
    }
  }
}

/** The shape that HTTP/1 and HTTP/2 share. */
function translateHttp({ routes, failureAccrual }: OutboundHttp) {
  return {
    routes: routes.map(translateRoute),
    ...(failureAccrual && { failureAccrual: translateFailureAccrual(failureAccrual) }),
  };
}

function translateRoute(route: OutboundHttpRoute): MessageInitShape<typeof outbound.HttpRouteSchema> {
  return { metadata: translateReference(route.reference), rules: route.rules.map(translateRule) };
}

function translateRule(rule: OutboundHttpRule): MessageInitShape<typeof outbound.HttpRoute_RuleSchema> {
  const backends = rule.backends.map((backend) => ({ backend: translateBackend(backend) }));
  return {
    matches: [{ path: { kind: { case: 'prefix', value: '/' } } }],
    backends: { kind: { case: 'firstAvailable', value: { backends } } },
    ...(Object.keys(rule.timeouts).length > 0 && { timeouts: translateTimeouts(rule.timeouts) }),
    ...(rule.retry && { retry: translateRetry(rule.retry) }),
    allowL5dRequestHeaders: rule.allowL5dRequestHeaders,
  };
}

function translateTimeouts({ requestMs, responseMs, idleMs }: Timeouts) {
  return {
    ...(requestMs !== undefined && { request: toDuration(requestMs) }),
    ...(responseMs !== undefined && { response: toDuration(responseMs) }),
    ...(idleMs !== undefined && { idle: toDuration(idleMs) }),
  };
}

function translateRetry(retry: HttpRetry): MessageInitShape<typeof outbound.HttpRoute_RetrySchema> {
  return {
    maxRetries: retry.maxRetries,
    maxRequestBytes: retry.maxRequestBytes,
    conditions: { statusRanges: retry.conditions.map(({ first, last }) => ({ start: first, end: last })) },
    ...(retry.timeoutMs !== undefined && { timeout: toDuration(retry.timeoutMs) }),
    backoff: translateBackoff(retry.backoff),
  };
}

/** A route without a backend tells the client so at once. */
function translateOpaque({ reference, backend }: OpaqueRoute) {
  const rule: MessageInitShape<typeof outbound.OpaqueRoute_RuleSchema> =
    backend === undefined
      ? {
          backends: { kind: { case: 'empty', value: {} } },
          filters: [{ kind: { case: 'forbidden', value: {} } }],
        }
      : {
          backends: {
            kind: { case: 'firstAvailable', value: { backends: [{ backend: translateBackend(backend) }] } },
          },
        };
  return { routes: [{ metadata: translateReference(reference), rules: [rule] }] };
}

function translateBackend(backend: Backend): MessageInitShape<typeof outbound.BackendSchema> {
  return {
    metadata: translateReference(backend.reference),
    queue: { capacity: QUEUE.capacity, failfastTimeout: toDuration(QUEUE.failfastTimeoutMs) },
    kind: translateTarget(backend.target),
  };
}

function translateTarget(
  target: BackendTarget,
): NonNullable<MessageInitShape<typeof outbound.BackendSchema>['kind']> {
  if (target.kind === 'balance') {
    const discovery = { kind: { case: 'dst' as const, value: { path: target.path } } };
    return { case: 'balancer', value: { discovery, load: translateLoad(target) } };
  }
  const addr = toTcpAddress({ host: target.address.ip, port: target.address.port });
  if (addr === undefined)
    throw new TypeError(`${target.address.ip}:${target.address.port} is no TCP address`);
  return { case: 'forward', value: { addr, weight: FORWARD_WEIGHT } };
}

function translateLoad({ bias }: Extract<BackendTarget, { kind: 'balance' }>) {
  const ewma = { defaultRtt: toDuration(EWMA.defaultRttMs), decay: toDuration(EWMA.decayMs) };
  if (bias === undefined) return { case: 'peakEwma' as const, value: ewma };
  const value = {
    ...ewma,
    penalty: toDuration(bias.penaltyMs),
    maxRetryAfter: toDuration(bias.maxRetryAfterMs),
    penaltyDecay: toDuration(PENALTY_DECAY_MS),
  };
  return { case: 'penaltyPeakEwma' as const, value };
}
