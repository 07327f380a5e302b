import type { Millis } from '#lib/base';
import {
  type Environment,
  EnvReader,
  parseBooleanValue,
  parseCountValue,
  parseIpsValue,
  parseNetworksValue,
} from '#lib/config';
import {
  type ControlAddress,
  type ControlStreamConfig,
  type DnsConfig,
  readControlAddress,
  readControlStream,
  readDns,
} from './config/control-plane.ts';
import {
  type DirectionConfig,
  INBOUND_DEFAULTS,
  OUTBOUND_DEFAULTS,
  readDirection,
} from './config/direction.ts';
import { name, parseSuffixesValue, parseTimerValue, Suffixes } from './config/environment.ts';
import { type IdentityConfig, readIdentity } from './config/identity.ts';
import { type InboundPolicyConfig, readInboundPolicy } from './config/inbound-policy.ts';
import { type ListenConfig, readListen } from './config/listen.ts';
import { type LoggingConfig, readLogging } from './config/logging.ts';
import { readTrace, type TraceConfig } from './config/trace.ts';
import { listIdleVariables } from './config/unknown-variables.ts';
import { ENV_PREFIX } from './contract.ts';

export type { ControlAddress, DnsConfig } from './config/control-plane.ts';
export type { DirectionConfig } from './config/direction.ts';
export { MAX_TIMER_MS, Suffixes } from './config/environment.ts';
export { DEFAULT_SERVER_HTTP2, type Http2Windows, type ServerHttp2Config } from './config/http2.ts';
export type { IdentityConfig } from './config/identity.ts';
export type { DefaultPolicyName } from './config/inbound-policy.ts';
export type { AccessLogFormat } from './config/logging.ts';
export { parseAttributeLines, type TraceConfig } from './config/trace.ts';

/** Everything the environment decides, complete. Names and defaults: facts sheet proxy-env. */
export interface ProxyConfig extends ListenConfig, InboundPolicyConfig, LoggingConfig {
  /** Addresses of this pod; empty accepts any destination. */
  readonly inboundIps: ReadonlySet<string>;
  readonly inbound: DirectionConfig;
  readonly outbound: DirectionConfig;
  /** Requests go where they say themselves. */
  readonly ingressMode: boolean;
  /** What names this proxy is a gateway for; none where it is no gateway. */
  readonly gatewaySuffixes: Suffixes;
  readonly profileNetworks: readonly string[];
  readonly profileSuffixes: Suffixes;
  readonly destination: ControlAddress;
  readonly destinationContext: string;
  readonly policy: ControlAddress;
  readonly policyWorkload: string;
  readonly controlStream: ControlStreamConfig;
  readonly dns: DnsConfig;
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
    /** Inbound requests are labelled with their authority, which clients choose. */
    readonly authorityLabels: boolean;
  };
  /** Undefined where nothing is traced. */
  readonly trace: TraceConfig | undefined;
  readonly warnings: readonly string[];
}

/** Reads the configuration. Throws one MeshError that names every variable that cannot be used. */
export function readProxyConfig(environment: Environment): ProxyConfig {
  const env = new EnvReader(environment);
  const warnings: string[] = [];
  const flag = (suffix: string, fallback = false) => env.optional(name(suffix), parseBooleanValue, fallback);
  const suffixes = (suffix: string, fallback: readonly string[]) =>
    env.optional(name(suffix), parseSuffixesValue, new Suffixes(fallback));
  const ingressMode = flag('INGRESS_MODE');
  const config: ProxyConfig = {
    ...readListen(env, warnings),
    ...readInboundPolicy(env, warnings),
    ...readLogging(env, warnings),
    inboundIps: new Set(env.optional(name('INBOUND_IPS'), parseIpsValue, [])),
    inbound: readDirection(env, 'INBOUND', INBOUND_DEFAULTS),
    outbound: readDirection(env, 'OUTBOUND', OUTBOUND_DEFAULTS),
    ingressMode,
    gatewaySuffixes: suffixes('INBOUND_GATEWAY_SUFFIXES', []),
    profileNetworks: env.optional(name('DESTINATION_PROFILE_NETWORKS'), parseNetworksValue, []),
    profileSuffixes: suffixes('DESTINATION_PROFILE_SUFFIXES', ['svc.cluster.local']),
    destination: readControlAddress(env, 'DESTINATION_SVC'),
    destinationContext: env.text(name('DESTINATION_CONTEXT')) ?? '',
    policy: readControlAddress(env, 'POLICY_SVC'),
    policyWorkload: env.required(name('POLICY_WORKLOAD'), (text) => text, ''),
    controlStream: readControlStream(env),
    dns: readDns(env),
    identity: readIdentity(env),
    shutdownGraceMs: env.optional(name('SHUTDOWN_GRACE_PERIOD'), parseTimerValue, 120_000),
    shutdownEndpointEnabled: flag('SHUTDOWN_ENDPOINT_ENABLED'),
    informationalHeaders: !flag('OUTBOUND_DISABLE_INFORMATIONAL_HEADERS', ingressMode),
    hostnameLabels: flag('OUTBOUND_METRICS_HOSTNAME_LABELS'),
    metrics: readMetrics(env),
    trace: readTrace(env),
    warnings,
  };
  warnings.push(...listIdleVariables(environment));
  reportUnreadable(env, environment);
  env.check();
  return config;
}

/** Node puts a replacement character where bytes are not UTF-8. */
function reportUnreadable(env: EnvReader, environment: Environment): void {
  for (const [variable, text] of Object.entries(environment))
    if (variable.startsWith(ENV_PREFIX) && text?.includes('\uFFFD'))
      env.report(variable, 'holds bytes that are not UTF-8');
}

function readMetrics(env: EnvReader): ProxyConfig['metrics'] {
  return {
    retainIdleMs: env.optional(name('METRICS_RETAIN_IDLE'), parseTimerValue, 600_000),
    maxSeries: env.optional(name('METRICS_MAX_SERIES'), parseCountValue, 10_000),
    authorityLabels: env.optional(name('INBOUND_METRICS_AUTHORITY_LABELS'), parseUnsafeValue, false),
  };
}

function parseUnsafeValue(text: string): boolean {
  if (text === '') return false;
  if (text === 'unsafe') return true;
  throw new Error('is neither empty nor unsafe');
}
