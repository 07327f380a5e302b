import type { BackoffConfig, Millis } from '#lib/base';
import { type EnvReader, parseCountValue, parseRatioValue } from '#lib/config';
import { name, parseTimerValue } from './environment.ts';
import { type Http2Windows, readClientWindows, readServerHttp2, type ServerHttp2Config } from './http2.ts';

export interface DirectionConfig {
  readonly detectTimeoutMs: Millis;
  readonly acceptKeepAliveMs: Millis;
  readonly acceptUserTimeoutMs: Millis;
  readonly connect: {
    readonly timeoutMs: Millis;
    readonly keepAliveMs: Millis;
    readonly userTimeoutMs: Millis;
  };
  readonly backoff: BackoffConfig;
  /** Requests that wait for an endpoint, or for a connection to the app. */
  readonly queueCapacity: number;
  /** How long they wait for an endpoint; the inbound one is checked and not used. */
  readonly failfastTimeoutMs: Millis;
  /** Connections that wait for an endpoint, and how long; outbound only. */
  readonly tcpQueueCapacity: number;
  readonly tcpFailfastTimeoutMs: Millis;
  readonly maxInFlight: number;
  readonly poolIdleTimeoutMs: Millis;
  readonly maxIdlePerEndpoint: number;
  readonly discoveryIdleTimeoutMs: Millis;
  readonly listenBacklog: number | undefined;
  readonly serverHttp2: ServerHttp2Config;
  /** Of the connections that it makes. */
  readonly clientWindows: Http2Windows;
}

interface DirectionDefaults {
  readonly connectTimeoutMs: Millis;
  readonly maxBackoffMs: Millis;
  readonly failfastTimeoutMs: Millis;
  readonly discoveryIdleTimeoutMs: Millis;
  readonly maxIdleName: string;
}

export const INBOUND_DEFAULTS: DirectionDefaults = {
  connectTimeoutMs: 300,
  maxBackoffMs: 10_000,
  failfastTimeoutMs: 1000,
  discoveryIdleTimeoutMs: 90_000,
  maxIdleName: 'MAX_IDLE_CONNS_PER_ENDPOINT',
};
export const OUTBOUND_DEFAULTS: DirectionDefaults = {
  connectTimeoutMs: 1000,
  maxBackoffMs: 60_000,
  failfastTimeoutMs: 3000,
  discoveryIdleTimeoutMs: 5000,
  maxIdleName: 'OUTBOUND_MAX_IDLE_CONNS_PER_ENDPOINT',
};

export function readDirection(
  env: EnvReader,
  direction: 'INBOUND' | 'OUTBOUND',
  defaults: DirectionDefaults,
): DirectionConfig {
  const at = (suffix: string) => name(`${direction}_${suffix}`);
  const duration = (suffix: string, fallback: Millis) => env.optional(at(suffix), parseTimerValue, fallback);
  const count = (variable: string, fallback: number) => env.optional(variable, parseCountValue, fallback);
  return {
    detectTimeoutMs: duration('DETECT_TIMEOUT', 10_000),
    acceptKeepAliveMs: duration('ACCEPT_KEEPALIVE', 0),
    acceptUserTimeoutMs: duration('ACCEPT_USER_TIMEOUT', 0),
    connect: {
      timeoutMs: duration('CONNECT_TIMEOUT', defaults.connectTimeoutMs),
      keepAliveMs: duration('CONNECT_KEEPALIVE', 0),
      userTimeoutMs: duration('CONNECT_USER_TIMEOUT', 0),
    },
    backoff: readBackoff(env, at, defaults.maxBackoffMs),
    queueCapacity: count(at('HTTP_QUEUE_CAPACITY'), 10_000),
    failfastTimeoutMs: duration('HTTP_FAILFAST_TIMEOUT', defaults.failfastTimeoutMs),
    tcpQueueCapacity: count(name('OUTBOUND_TCP_QUEUE_CAPACITY'), 10_000),
    tcpFailfastTimeoutMs: env.optional(name('OUTBOUND_TCP_FAILFAST_TIMEOUT'), parseTimerValue, 3000),
    maxInFlight: count(at('MAX_IN_FLIGHT'), 100_000),
    poolIdleTimeoutMs: duration('HTTP1_CONNECTION_POOL_IDLE_TIMEOUT', 3000),
    maxIdlePerEndpoint: count(name(defaults.maxIdleName), 10_000),
    discoveryIdleTimeoutMs: duration('DISCOVERY_IDLE_TIMEOUT', defaults.discoveryIdleTimeoutMs),
    listenBacklog: env.optional(at('TCP_LISTEN_BACKLOG'), parseCountValue, undefined),
    serverHttp2: readServerHttp2(env, (suffix) => at(`SERVER_HTTP2_${suffix}`)),
    clientWindows: readClientWindows(env),
  };
}

function readBackoff(env: EnvReader, at: (suffix: string) => string, maxMs: Millis): BackoffConfig {
  const minName = at('CONNECT_EXP_BACKOFF_MIN');
  const maxName = at('CONNECT_EXP_BACKOFF_MAX');
  const jitter = env.optional(at('CONNECT_EXP_BACKOFF_JITTER'), parseRatioValue, 0);
  const given = [minName, maxName].filter((variable) => env.text(variable) !== undefined);
  const [only] = given;
  if (only === undefined) return { minMs: 100, maxMs, jitter: 0.1 };
  if (given.length === 1) env.report(only, `needs ${only === minName ? maxName : minName} beside it`);
  const backoff = {
    minMs: env.optional(minName, parseTimerValue, 100),
    maxMs: env.optional(maxName, parseTimerValue, maxMs),
    jitter,
  };
  if (backoff.minMs > backoff.maxMs) env.report(minName, `is above ${maxName}`);
  return backoff;
}
