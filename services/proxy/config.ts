import { isIP } from 'node:net';
import type { BackoffConfig, Millis } from '#lib/base';
import {
  type Environment,
  EnvReader,
  PortRanges,
  parseBooleanValue,
  parseCountValue,
  parseDurationValue,
  parseIpsValue,
  parseNetworksValue,
  parsePortRangesValue,
  parseRatioValue,
} from '#lib/config';
import { LOG_LEVELS, LogFilter } from '#lib/telemetry';
import { ENV_PREFIX } from './contract.ts';
import { isLoopback, parseSocketAddress, type SocketAddress } from './transport/address.ts';

/** The policies that the proxy takes as its default until the policy service has spoken. */
const DEFAULT_POLICY_NAMES = [
  'deny',
  'all-authenticated',
  'all-unauthenticated',
  'cluster-authenticated',
  'cluster-unauthenticated',
  'audit',
] as const;
export type DefaultPolicyName = (typeof DEFAULT_POLICY_NAMES)[number];

/** A control-plane service: `name:port` or `ip:port`, and the identity it must prove (none for loopback). */
export interface ControlAddress {
  readonly host: string;
  readonly port: number;
  readonly identity: string | undefined;
}

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
  readonly queueCapacity: number;
  readonly failfastTimeoutMs: Millis;
  /** Connections that wait for an endpoint, and how long; outbound only. */
  readonly tcpQueueCapacity: number;
  readonly tcpFailfastTimeoutMs: Millis;
  readonly maxInFlight: number;
  readonly poolIdleTimeoutMs: Millis;
  readonly maxIdlePerEndpoint: number;
  readonly discoveryIdleTimeoutMs: Millis;
  readonly listenBacklog: number | undefined;
  readonly serverKeepAlive: { readonly intervalMs: Millis; readonly timeoutMs: Millis } | undefined;
  readonly maxConcurrentStreams: number | undefined;
}

/** Everything the environment decides, complete. Names and defaults: facts sheet proxy-env. */
export interface ProxyConfig {
  readonly inboundListen: SocketAddress;
  readonly outboundListen: readonly SocketAddress[];
  readonly adminListen: SocketAddress;
  /** Addresses of this pod; empty accepts any destination. */
  readonly inboundIps: ReadonlySet<string>;
  readonly inbound: DirectionConfig;
  readonly outbound: DirectionConfig;
  readonly inboundPorts: readonly number[];
  readonly inboundOpaquePorts: PortRanges;
  readonly inboundDefaultPolicy: DefaultPolicyName;
  readonly clusterNetworks: readonly string[];
  readonly profileNetworks: readonly string[];
  readonly destination: ControlAddress;
  readonly destinationContext: string;
  readonly policy: ControlAddress;
  readonly policyWorkload: string;
  readonly controlStream: {
    readonly initialMs?: Millis;
    readonly idleMs?: Millis;
    readonly lifetimeMs?: Millis;
  };
  readonly identity: IdentityConfig;
  readonly shutdownGraceMs: Millis;
  readonly shutdownEndpointEnabled: boolean;
  readonly informationalHeaders: boolean;
  readonly hostnameLabels: boolean;
  readonly metrics: {
    /** How long a series that nobody counts with is shown after its last change. */
    readonly retainIdleMs: Millis;
    /** Label sets of a metric beyond which further ones share one; ours. */
    readonly maxSeries: number;
  };
  readonly log: string;
  readonly logFormat: string;
  readonly warnings: readonly string[];
}

export interface IdentityConfig {
  readonly localName: string;
  readonly trustAnchorsPem: string;
  readonly tokenFile: string;
  readonly service: ControlAddress;
  readonly minRefreshMs: Millis;
  readonly maxRefreshMs: Millis;
}

const DEFAULT_LOG = 'warn,linkerd=info,hickory=error';

/** Reads the configuration. Throws one MeshError that names every variable that cannot be used. */
export function readProxyConfig(environment: Environment): ProxyConfig {
  const env = new EnvReader(environment);
  const warnings: string[] = [];
  const clusterNetworks = env.optional(name('POLICY_CLUSTER_NETWORKS'), parseNetworksValue, []);
  const config: ProxyConfig = {
    inboundListen: env.optional(name('INBOUND_LISTEN_ADDR'), parseAddressValue, {
      host: '0.0.0.0',
      port: 4143,
    }),
    outboundListen: readOutboundListen(env),
    adminListen: env.optional(name('ADMIN_LISTEN_ADDR'), parseAddressValue, {
      host: '127.0.0.1',
      port: 4191,
    }),
    inboundIps: new Set(env.optional(name('INBOUND_IPS'), parseIpsValue, [])),
    inbound: readDirection(env, 'INBOUND', INBOUND_DEFAULTS),
    outbound: readDirection(env, 'OUTBOUND', OUTBOUND_DEFAULTS),
    inboundPorts: [...env.optional(name('INBOUND_PORTS'), parsePortRangesValue, new PortRanges([])).ports()],
    inboundOpaquePorts: env.optional(
      name('INBOUND_PORTS_DISABLE_PROTOCOL_DETECTION'),
      parsePortRangesValue,
      new PortRanges([]),
    ),
    inboundDefaultPolicy: readDefaultPolicy(env, clusterNetworks, warnings),
    clusterNetworks,
    profileNetworks: env.optional(name('DESTINATION_PROFILE_NETWORKS'), parseNetworksValue, []),
    destination: readControlAddress(env, 'DESTINATION_SVC'),
    destinationContext: env.text(name('DESTINATION_CONTEXT')) ?? '',
    policy: readControlAddress(env, 'POLICY_SVC'),
    policyWorkload: env.required(name('POLICY_WORKLOAD'), (text) => text, ''),
    controlStream: readControlStream(env),
    identity: readIdentity(env),
    shutdownGraceMs: env.optional(name('SHUTDOWN_GRACE_PERIOD'), parseTimerValue, 120_000),
    shutdownEndpointEnabled: env.optional(name('SHUTDOWN_ENDPOINT_ENABLED'), parseBooleanValue, false),
    informationalHeaders: !env.optional(
      name('OUTBOUND_DISABLE_INFORMATIONAL_HEADERS'),
      parseBooleanValue,
      false,
    ),
    hostnameLabels: env.optional(name('OUTBOUND_METRICS_HOSTNAME_LABELS'), parseBooleanValue, false),
    metrics: {
      retainIdleMs: env.optional(name('METRICS_RETAIN_IDLE'), parseTimerValue, 600_000),
      maxSeries: env.optional(name('METRICS_MAX_SERIES'), parseCountValue, 10_000),
    },
    log: env.optional(name('LOG'), parseLogFilterValue, DEFAULT_LOG),
    logFormat: env.text(name('LOG_FORMAT')) ?? 'PLAIN',
    warnings,
  };
  env.check();
  return config;
}

/** A timer that is set to more fires at once: about 24 days are for ever. */
export const MAX_TIMER_MS: Millis = 2 ** 31 - 1;

function parseTimerValue(text: string): Millis {
  return Math.min(parseDurationValue(text), MAX_TIMER_MS);
}

function name(suffix: string): string {
  return `${ENV_PREFIX}${suffix}`;
}

function parseLogFilterValue(text: string): string {
  try {
    return new LogFilter(text).text;
  } catch {
    throw new Error(`is not a list of levels (${LOG_LEVELS.join(', ')}) such as warn,linkerd=info`);
  }
}

function parseAddressValue(text: string): SocketAddress {
  const address = parseSocketAddress(text);
  if (address === undefined) throw new Error('is not an address such as 0.0.0.0:4143 or [::]:4143');
  return address;
}

function readOutboundListen(env: EnvReader): readonly SocketAddress[] {
  const single = env.optional(name('OUTBOUND_LISTEN_ADDR'), parseAddressValue, {
    host: '127.0.0.1',
    port: 4140,
  });
  const parseList = (text: string) => text.split(',').map(parseAddressValue);
  return env.optional(name('OUTBOUND_LISTEN_ADDRS'), parseList, [single]);
}

interface DirectionDefaults {
  readonly connectTimeoutMs: Millis;
  readonly maxBackoffMs: Millis;
  readonly failfastTimeoutMs: Millis;
  readonly discoveryIdleTimeoutMs: Millis;
  readonly maxIdleName: string;
}

const INBOUND_DEFAULTS: DirectionDefaults = {
  connectTimeoutMs: 300,
  maxBackoffMs: 10_000,
  failfastTimeoutMs: 1000,
  discoveryIdleTimeoutMs: 90_000,
  maxIdleName: 'MAX_IDLE_CONNS_PER_ENDPOINT',
};
const OUTBOUND_DEFAULTS: DirectionDefaults = {
  connectTimeoutMs: 1000,
  maxBackoffMs: 60_000,
  failfastTimeoutMs: 3000,
  discoveryIdleTimeoutMs: 5000,
  maxIdleName: 'OUTBOUND_MAX_IDLE_CONNS_PER_ENDPOINT',
};

function readDirection(env: EnvReader, direction: string, defaults: DirectionDefaults): DirectionConfig {
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
    serverKeepAlive: readServerKeepAlive(env, at),
    maxConcurrentStreams: env.optional(at('SERVER_HTTP2_MAX_CONCURRENT_STREAMS'), parseCountValue, undefined),
  };
}

function readBackoff(env: EnvReader, at: (suffix: string) => string, maxMs: Millis): BackoffConfig {
  const minName = at('CONNECT_EXP_BACKOFF_MIN');
  const maxName = at('CONNECT_EXP_BACKOFF_MAX');
  const given = [minName, maxName].filter((variable) => env.text(variable) !== undefined);
  if (given.length === 0) return { minMs: 100, maxMs, jitter: 0.1 };
  if (given.length === 1)
    env.report(given[0]!, `needs ${given[0] === minName ? maxName : minName} beside it`);
  const backoff = {
    minMs: env.optional(minName, parseTimerValue, 100),
    maxMs: env.optional(maxName, parseTimerValue, maxMs),
    jitter: env.optional(at('CONNECT_EXP_BACKOFF_JITTER'), parseRatioValue, 0),
  };
  if (backoff.minMs > backoff.maxMs) env.report(minName, `is above ${maxName}`);
  return backoff;
}

function readServerKeepAlive(
  env: EnvReader,
  at: (suffix: string) => string,
): DirectionConfig['serverKeepAlive'] {
  const intervalMs = env.optional(at('SERVER_HTTP2_KEEP_ALIVE_INTERVAL'), parseTimerValue, undefined);
  const timeoutMs = env.optional(at('SERVER_HTTP2_KEEP_ALIVE_TIMEOUT'), parseTimerValue, undefined);
  return intervalMs === undefined || timeoutMs === undefined ? undefined : { intervalMs, timeoutMs };
}

function readDefaultPolicy(
  env: EnvReader,
  networks: readonly string[],
  warnings: string[],
): DefaultPolicyName {
  const variable = name('INBOUND_DEFAULT_POLICY');
  if (env.text(variable) === undefined) warnings.push(`${variable} was not set; using all-unauthenticated`);
  const policy = env.optional(
    variable,
    (text) => {
      const known = DEFAULT_POLICY_NAMES.find((candidate) => candidate === text);
      if (known === undefined) throw new Error(`is none of ${DEFAULT_POLICY_NAMES.join(', ')}`);
      return known;
    },
    'all-unauthenticated',
  );
  if ((policy.startsWith('cluster-') || policy === 'audit') && networks.length === 0) {
    env.report(
      variable,
      `"${policy}" needs ${name('POLICY_CLUSTER_NETWORKS')} to name the cluster's networks`,
    );
  }
  return policy;
}

function readControlAddress(env: EnvReader, service: string): ControlAddress {
  const parse = (text: string) => {
    const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text);
    if (match === null || Number(match[3]) > 65_535)
      throw new Error('is not an address such as name.ns.svc.cluster.local.:8086');
    return { host: match[1] ?? match[2] ?? '', port: Number(match[3]) };
  };
  const address = env.required(name(`${service}_ADDR`), parse, { host: '', port: 0 });
  const identity = env.text(name(`${service}_NAME`));
  if (isLoopbackName(address.host)) return { ...address, identity: undefined };
  if (identity === undefined && address.host !== '') {
    env.report(
      name(`${service}_NAME`),
      `is required because ${name(`${service}_ADDR`)} is not a loopback address`,
    );
  }
  return { ...address, identity };
}

/** Loopback control-plane addresses are spoken to in plaintext; `127.example.com` is a name like any other. */
function isLoopbackName(host: string): boolean {
  return /^localhost\.?$/i.test(host) || (isIP(host) !== 0 && isLoopback(host));
}

function readControlStream(env: EnvReader): ProxyConfig['controlStream'] {
  const read = (suffix: string) =>
    env.optional(
      name(`CONTROL_STREAM_${suffix}`),
      (text) => (text.trim() === '' ? undefined : parseTimerValue(text)),
      undefined,
    );
  const [initialMs, idleMs, lifetimeMs] = [read('INITIAL_TIMEOUT'), read('IDLE_TIMEOUT'), read('LIFETIME')];
  const order = [initialMs, idleMs, lifetimeMs].filter((ms) => ms !== undefined);
  if (order.some((ms, index) => index > 0 && ms < order[index - 1]!)) {
    env.report(name('CONTROL_STREAM_INITIAL_TIMEOUT'), 'must not exceed …_IDLE_TIMEOUT, nor that …_LIFETIME');
  }
  return {
    ...(initialMs === undefined ? {} : { initialMs }),
    ...(idleMs === undefined ? {} : { idleMs }),
    ...(lifetimeMs === undefined ? {} : { lifetimeMs }),
  };
}

function readIdentity(env: EnvReader): IdentityConfig {
  const text = (value: string) => {
    if (value.trim() === '') throw new Error('is empty');
    return value;
  };
  if ((env.text(name('IDENTITY_DISABLED')) ?? '') !== '') {
    env.report(
      name('IDENTITY_DISABLED'),
      'is no longer supported: the mesh has no traffic without identity; leave it out',
    );
  }
  return {
    localName: env.required(name('IDENTITY_LOCAL_NAME'), parseDnsNameValue, ''),
    trustAnchorsPem: env.required(name('IDENTITY_TRUST_ANCHORS'), text, ''),
    tokenFile: env.required(name('IDENTITY_TOKEN_FILE'), text, ''),
    service: readControlAddress(env, 'IDENTITY_SVC'),
    minRefreshMs: env.optional(name('IDENTITY_MIN_REFRESH'), parseTimerValue, 10_000),
    maxRefreshMs: env.optional(name('IDENTITY_MAX_REFRESH'), parseTimerValue, 86_400_000),
  };
}

function parseDnsNameValue(text: string): string {
  const dns = text.toLowerCase().replace(/\.$/, '');
  if (!/^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*$/.test(dns)) {
    throw new Error('is not a DNS name');
  }
  return dns;
}
