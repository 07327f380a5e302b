import type { EnvVar, PodTemplate } from '#lib/resources';
import { ENV_PREFIX, IDENTITY_DIR, PROXY_CONTAINER, TOKEN_FILE } from '../../proxy/contract.ts';
import {
  type ControlPlaneComponent,
  type ControlPlanePeers,
  controlPlanePeers,
  identityOf,
} from './control-plane.ts';
import { listInboundPorts } from './ports.ts';
import { SERVICE_ACCOUNT_DIR } from './service-account-mount.ts';
import { buildTracingEnv } from './tracing-env.ts';
import { type InjectValues, type TuningValues, trustDomainOf } from './values.ts';

export interface ProxyEnvOptions {
  readonly values: InjectValues;
  readonly pod: PodTemplate;
  /** Which control-plane pod this is, if it is one. */
  readonly component?: ControlPlaneComponent;
}

/** The ConfigMap that holds the trust anchors, and its key. */
export const TRUST_ROOTS = { configMap: 'linkerd-identity-trust-roots', key: 'ca-bundle.crt' } as const;

/** In effect no timeout at all: what a disabled detect timeout is set to. */
const NO_DETECT_TIMEOUT = '365d';

/**
 * The proxy's environment. The order is part of the contract: a variable may refer only to earlier ones.
 * Source: facts sheet injection, section 4.
 */
export function buildProxyEnv({ values, pod, component }: ProxyEnvOptions): EnvVar[] {
  const peers = controlPlanePeers(values, component);
  return [
    ...buildPodEnv(),
    ...buildProcessEnv(values),
    ...buildDiscoveryEnv(values, peers),
    ...buildTimeoutEnv(values),
    ...buildListenerEnv(values),
    ...buildInboundEnv(values, pod),
    ...buildSocketEnv(values),
    ...buildTracingEnv(values, pod),
    ...buildTuningEnv('INBOUND', values.proxy.inbound),
    ...buildTuningEnv('OUTBOUND', values.proxy.outbound),
    ...setIfAny('INBOUND_PORTS_DISABLE_PROTOCOL_DETECTION', values.proxy.opaquePorts),
    set('DESTINATION_CONTEXT', '{"ns":"$(_pod_ns)", "nodeName":"$(_pod_nodeName)", "pod":"$(_pod_name)"}\n'),
    ...buildIdentityEnv(values, peers),
    ...setIfAny('ACCESS_LOG', values.proxy.accessLog),
    ...setIfAny('SHUTDOWN_GRACE_PERIOD', values.proxy.shutdownGracePeriod),
    ...values.proxy.additionalEnv,
    ...values.proxy.experimentalEnv,
  ];
}

function set(name: string, value: string | number | boolean): EnvVar {
  return { name: ENV_PREFIX + name, value: String(value) };
}

function setIfAny(name: string, value: string | number | null): EnvVar[] {
  return value === '' || value === null ? [] : [set(name, value)];
}

function setIf(condition: boolean, name: string, value: string): EnvVar[] {
  return condition ? [set(name, value)] : [];
}

function fromField(name: string, fieldPath: string): EnvVar {
  return { name, valueFrom: { fieldRef: { fieldPath } } };
}

function buildPodEnv(): EnvVar[] {
  return [
    fromField('_pod_name', 'metadata.name'),
    fromField('_pod_ns', 'metadata.namespace'),
    fromField('_pod_uid', 'metadata.uid'),
    fromField('_pod_ip', 'status.podIP'),
    fromField('_pod_nodeName', 'spec.nodeName'),
    { name: '_pod_containerName', value: PROXY_CONTAINER },
  ];
}

function buildProcessEnv({ proxy }: InjectValues): EnvVar[] {
  const { workers } = proxy.runtime;
  const cores = proxy.cores ?? workers.minimum;
  const hideHeaders = proxy.logHTTPHeaders === 'insecure' ? '' : ',[{headers}]=off,[{request}]=off';
  return [
    set('CORES', cores),
    set('CORES_MIN', cores),
    ...setIfAny('CORES_MAX', workers.maximum),
    ...setIfAny('CORES_MAX_RATIO', workers.maximumCPURatio),
    ...setIfAny('INBOUND_PORTS_REQUIRE_IDENTITY', proxy.requireIdentityOnInboundPorts),
    ...setIfAny('INBOUND_PORTS_REQUIRE_TLS', proxy.requireTLSOnInboundPorts),
    set('SHUTDOWN_ENDPOINT_ENABLED', proxy.enableShutdownEndpoint),
    set('LOG', `${proxy.logLevel}${hideHeaders}`),
    set('LOG_FORMAT', proxy.logFormat),
  ];
}

function buildDiscoveryEnv(values: InjectValues, peers: ControlPlanePeers): EnvVar[] {
  return [
    set('DESTINATION_SVC_ADDR', peers.destination.address),
    set('DESTINATION_PROFILE_NETWORKS', values.clusterNetworks),
    set('POLICY_SVC_ADDR', peers.policy.address),
    set('POLICY_WORKLOAD', '{"ns":"$(_pod_ns)", "pod":"$(_pod_name)"}\n'),
    set('INBOUND_DEFAULT_POLICY', values.proxy.defaultInboundPolicy),
    set('POLICY_CLUSTER_NETWORKS', values.clusterNetworks),
  ];
}

function buildTimeoutEnv({ proxy }: InjectValues): EnvVar[] {
  const { streams } = proxy.control;
  return [
    set('CONTROL_STREAM_INITIAL_TIMEOUT', streams.initialTimeout),
    set('CONTROL_STREAM_IDLE_TIMEOUT', streams.idleTimeout),
    set('CONTROL_STREAM_LIFETIME', streams.lifetime),
    ...setIfAny('INBOUND_CONNECT_TIMEOUT', proxy.inboundConnectTimeout),
    ...setIfAny('OUTBOUND_CONNECT_TIMEOUT', proxy.outboundConnectTimeout),
    ...setIfAny('OUTBOUND_DISCOVERY_IDLE_TIMEOUT', proxy.outboundDiscoveryCacheUnusedTimeout),
    ...setIfAny('INBOUND_DISCOVERY_IDLE_TIMEOUT', proxy.inboundDiscoveryCacheUnusedTimeout),
    ...setIf(proxy.disableOutboundProtocolDetectTimeout, 'OUTBOUND_DETECT_TIMEOUT', NO_DETECT_TIMEOUT),
    ...setIf(proxy.disableInboundProtocolDetectTimeout, 'INBOUND_DETECT_TIMEOUT', NO_DETECT_TIMEOUT),
  ];
}

function buildListenerEnv({ proxy, disableIPv6 }: InjectValues): EnvVar[] {
  const { ports } = proxy;
  const any = disableIPv6 ? '0.0.0.0' : '[::]';
  const outbound = `127.0.0.1:${ports.outbound}`;
  return [
    set('CONTROL_LISTEN_ADDR', `${any}:${ports.control}`),
    set('ADMIN_LISTEN_ADDR', `${any}:${ports.admin}`),
    set('OUTBOUND_LISTEN_ADDR', outbound),
    set('OUTBOUND_LISTEN_ADDRS', disableIPv6 ? outbound : `${outbound},[::1]:${ports.outbound}`),
    set('INBOUND_LISTEN_ADDR', `${any}:${ports.inbound}`),
  ];
}

function buildInboundEnv(values: InjectValues, pod: PodTemplate): EnvVar[] {
  const { proxy } = values;
  const suffix = `svc.${values.clusterDomain}.`;
  return [
    fromField(`${ENV_PREFIX}INBOUND_IPS`, 'status.podIPs'),
    set('INBOUND_PORTS', proxy.podInboundPorts ?? listInboundPorts(pod.spec)),
    ...setIf(proxy.isGateway, 'INBOUND_GATEWAY_SUFFIXES', suffix),
    ...setIf(proxy.isIngress, 'INGRESS_MODE', 'true'),
    set('DESTINATION_PROFILE_SUFFIXES', proxy.enableExternalProfiles ? '.' : suffix),
  ];
}

function buildSocketEnv({ proxy }: InjectValues): EnvVar[] {
  return [
    set('INBOUND_ACCEPT_KEEPALIVE', '10000ms'),
    set('OUTBOUND_CONNECT_KEEPALIVE', '10000ms'),
    set('INBOUND_ACCEPT_USER_TIMEOUT', '30s'),
    set('OUTBOUND_CONNECT_USER_TIMEOUT', '30s'),
    set('OUTBOUND_METRICS_HOSTNAME_LABELS', proxy.metrics.hostnameLabels),
  ];
}

/** One variable for each parameter, keys in order of the alphabet. */
function buildTuningEnv(direction: 'INBOUND' | 'OUTBOUND', tuning: TuningValues): EnvVar[] {
  const env: EnvVar[] = [];
  for (const [scope, protocols] of sortedEntries(tuning)) {
    for (const [protocol, parameters] of sortedEntries(protocols)) {
      for (const [parameter, value] of sortedEntries(parameters)) {
        env.push(set([direction, ...[scope, protocol, parameter].map(toUpperSnake)].join('_'), value));
      }
    }
  }
  return env;
}

function sortedEntries<T>(record: Readonly<Record<string, T>>): [string, T][] {
  return Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** `keepAliveInterval` → `KEEP_ALIVE_INTERVAL`. */
function toUpperSnake(key: string): string {
  return key.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase();
}

function buildIdentityEnv(values: InjectValues, peers: ControlPlanePeers): EnvVar[] {
  const projected = values.identity.serviceAccountTokenProjection;
  return [
    fromField('_pod_sa', 'spec.serviceAccountName'),
    { name: '_l5d_ns', value: values.controlPlaneNamespace },
    { name: '_l5d_trustdomain', value: trustDomainOf(values) },
    set('IDENTITY_DIR', IDENTITY_DIR),
    buildTrustAnchors(values),
    set('IDENTITY_TOKEN_FILE', projected ? TOKEN_FILE : `${SERVICE_ACCOUNT_DIR}/token`),
    set('IDENTITY_SVC_ADDR', peers.identity.address),
    set('IDENTITY_LOCAL_NAME', identityOf(values, { serviceAccount: '$(_pod_sa)', namespace: '$(_pod_ns)' })),
    set('IDENTITY_SVC_NAME', peers.identity.identity),
    set('DESTINATION_SVC_NAME', peers.destination.identity),
    set('POLICY_SVC_NAME', peers.policy.identity),
  ];
}

function buildTrustAnchors(values: InjectValues): EnvVar {
  const name = `${ENV_PREFIX}IDENTITY_TRUST_ANCHORS`;
  if (!values.proxy.loadTrustBundleFromConfigMap) return { name, value: values.identityTrustAnchorsPEM };
  return { name, valueFrom: { configMapKeyRef: { name: TRUST_ROOTS.configMap, key: TRUST_ROOTS.key } } };
}
