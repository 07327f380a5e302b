import { choose, type Deferred, defaultTo, eq, forEach, isSet, type ListPart, text, when } from '#lib/expr';
import type { EnvVar } from '#lib/resources';
import { ENV_PREFIX, IDENTITY_DIR, PROXY_CONTAINER, TOKEN_FILE } from '../../../proxy/contract.ts';
import { SERVICE_ACCOUNT_DIR } from '../service-account-mount.ts';
import { type InjectValues, trustDomainOf } from '../values.ts';
import {
  type ControlPlaneComponent,
  type ControlPlanePeers,
  controlPlanePeers,
  identityOf,
} from './control-plane.ts';
import { fromField, set, setIfAny } from './env-var.ts';
import type { PodTraits } from './pod-traits.ts';
import { buildTracingEnv } from './tracing-env.ts';
import { buildTuningEnv } from './tuning-env.ts';

type Values = Deferred<InjectValues>;
type EnvParts = readonly ListPart<EnvVar>[];

export interface ProxyEnvOptions {
  readonly values: Values;
  readonly traits: PodTraits;
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
export function buildProxyEnv({ values, traits, component }: ProxyEnvOptions): EnvParts {
  const peers = controlPlanePeers(values, component);
  return [
    ...buildPodEnv(),
    ...buildProcessEnv(values),
    ...buildDiscoveryEnv(values, peers),
    ...buildTimeoutEnv(values),
    ...buildListenerEnv(values),
    ...buildInboundEnv(values, traits),
    ...buildSocketEnv(values),
    buildTracingEnv(values, traits),
    buildTuningEnv('INBOUND', values.proxy.inbound),
    buildTuningEnv('OUTBOUND', values.proxy.outbound),
    setIfAny('INBOUND_PORTS_DISABLE_PROTOCOL_DETECTION', values.proxy.opaquePorts),
    set('DESTINATION_CONTEXT', '{"ns":"$(_pod_ns)", "nodeName":"$(_pod_nodeName)", "pod":"$(_pod_name)"}\n'),
    ...buildIdentityEnv(values, peers),
    setIfAny('ACCESS_LOG', values.proxy.accessLog),
    setIfAny('SHUTDOWN_GRACE_PERIOD', values.proxy.shutdownGracePeriod),
    forEach(values.proxy.additionalEnv, (variable) => variable, 'map'),
    forEach(values.proxy.experimentalEnv, (variable) => variable, 'map'),
  ];
}

function buildPodEnv(): EnvParts {
  return [
    fromField('_pod_name', 'metadata.name'),
    fromField('_pod_ns', 'metadata.namespace'),
    fromField('_pod_uid', 'metadata.uid'),
    fromField('_pod_ip', 'status.podIP'),
    fromField('_pod_nodeName', 'spec.nodeName'),
    { name: '_pod_containerName', value: PROXY_CONTAINER },
  ];
}

function buildProcessEnv({ proxy }: Values): EnvParts {
  const { workers } = proxy.runtime;
  const cores = defaultTo(proxy.cores, workers.minimum);
  const hideHeaders = choose(eq(proxy.logHTTPHeaders, 'insecure'), '', ',[{headers}]=off,[{request}]=off');
  return [
    set('CORES', cores),
    set('CORES_MIN', cores),
    setIfAny('CORES_MAX', workers.maximum),
    setIfAny('CORES_MAX_RATIO', workers.maximumCPURatio),
    setIfAny('INBOUND_PORTS_REQUIRE_IDENTITY', proxy.requireIdentityOnInboundPorts),
    setIfAny('INBOUND_PORTS_REQUIRE_TLS', proxy.requireTLSOnInboundPorts),
    set('SHUTDOWN_ENDPOINT_ENABLED', proxy.enableShutdownEndpoint),
    set('LOG', text`${proxy.logLevel}${hideHeaders}`),
    set('LOG_FORMAT', proxy.logFormat),
  ];
}

function buildDiscoveryEnv(values: Values, peers: ControlPlanePeers): EnvParts {
  return [
    set('DESTINATION_SVC_ADDR', peers.destination.address),
    set('DESTINATION_PROFILE_NETWORKS', values.clusterNetworks),
    set('POLICY_SVC_ADDR', peers.policy.address),
    set('POLICY_WORKLOAD', '{"ns":"$(_pod_ns)", "pod":"$(_pod_name)"}\n'),
    set('INBOUND_DEFAULT_POLICY', values.proxy.defaultInboundPolicy),
    set('POLICY_CLUSTER_NETWORKS', values.clusterNetworks),
  ];
}

function buildTimeoutEnv({ proxy }: Values): EnvParts {
  const { streams } = proxy.control;
  return [
    set('CONTROL_STREAM_INITIAL_TIMEOUT', streams.initialTimeout),
    set('CONTROL_STREAM_IDLE_TIMEOUT', streams.idleTimeout),
    set('CONTROL_STREAM_LIFETIME', streams.lifetime),
    setIfAny('INBOUND_CONNECT_TIMEOUT', proxy.inboundConnectTimeout),
    setIfAny('OUTBOUND_CONNECT_TIMEOUT', proxy.outboundConnectTimeout),
    setIfAny('OUTBOUND_DISCOVERY_IDLE_TIMEOUT', proxy.outboundDiscoveryCacheUnusedTimeout),
    setIfAny('INBOUND_DISCOVERY_IDLE_TIMEOUT', proxy.inboundDiscoveryCacheUnusedTimeout),
    when(
      isSet(proxy.disableOutboundProtocolDetectTimeout),
      set('OUTBOUND_DETECT_TIMEOUT', NO_DETECT_TIMEOUT),
    ),
    when(isSet(proxy.disableInboundProtocolDetectTimeout), set('INBOUND_DETECT_TIMEOUT', NO_DETECT_TIMEOUT)),
  ];
}

function buildListenerEnv({ proxy, disableIPv6 }: Values): EnvParts {
  const { ports } = proxy;
  const any = choose(disableIPv6, '0.0.0.0', '[::]');
  const outbound = text`127.0.0.1:${ports.outbound}`;
  return [
    set('CONTROL_LISTEN_ADDR', text`${any}:${ports.control}`),
    set('ADMIN_LISTEN_ADDR', text`${any}:${ports.admin}`),
    set('OUTBOUND_LISTEN_ADDR', outbound),
    set('OUTBOUND_LISTEN_ADDRS', choose(disableIPv6, outbound, text`${outbound},[::1]:${ports.outbound}`)),
    set('INBOUND_LISTEN_ADDR', text`${any}:${ports.inbound}`),
  ];
}

function buildInboundEnv(values: Values, traits: PodTraits): EnvParts {
  const { proxy } = values;
  const suffix = text`svc.${values.clusterDomain}.`;
  return [
    fromField(`${ENV_PREFIX}INBOUND_IPS`, 'status.podIPs'),
    set('INBOUND_PORTS', defaultTo(proxy.podInboundPorts, traits.inboundPorts)),
    when(isSet(proxy.isGateway), set('INBOUND_GATEWAY_SUFFIXES', suffix)),
    when(isSet(proxy.isIngress), set('INGRESS_MODE', 'true')),
    set('DESTINATION_PROFILE_SUFFIXES', choose(proxy.enableExternalProfiles, '.', suffix)),
  ];
}

function buildSocketEnv({ proxy }: Values): EnvParts {
  return [
    set('INBOUND_ACCEPT_KEEPALIVE', '10000ms'),
    set('OUTBOUND_CONNECT_KEEPALIVE', '10000ms'),
    set('INBOUND_ACCEPT_USER_TIMEOUT', '30s'),
    set('OUTBOUND_CONNECT_USER_TIMEOUT', '30s'),
    set('OUTBOUND_METRICS_HOSTNAME_LABELS', proxy.metrics.hostnameLabels),
  ];
}

function buildIdentityEnv(values: Values, peers: ControlPlanePeers): EnvParts {
  const projected = values.identity.serviceAccountTokenProjection;
  return [
    fromField('_pod_sa', 'spec.serviceAccountName'),
    { name: '_l5d_ns', value: values.controlPlaneNamespace },
    { name: '_l5d_trustdomain', value: trustDomainOf(values) },
    set('IDENTITY_DIR', IDENTITY_DIR),
    buildTrustAnchors(values),
    set('IDENTITY_TOKEN_FILE', choose(projected, TOKEN_FILE, `${SERVICE_ACCOUNT_DIR}/token`)),
    set('IDENTITY_SVC_ADDR', peers.identity.address),
    set('IDENTITY_LOCAL_NAME', identityOf(values, { serviceAccount: '$(_pod_sa)', namespace: '$(_pod_ns)' })),
    set('IDENTITY_SVC_NAME', peers.identity.identity),
    set('DESTINATION_SVC_NAME', peers.destination.identity),
    set('POLICY_SVC_NAME', peers.policy.identity),
  ];
}

function buildTrustAnchors(values: Values): ListPart<EnvVar> {
  const name = `${ENV_PREFIX}IDENTITY_TRUST_ANCHORS`;
  return when(
    isSet(values.proxy.loadTrustBundleFromConfigMap),
    { name, valueFrom: { configMapKeyRef: { name: TRUST_ROOTS.configMap, key: TRUST_ROOTS.key } } },
    { name, value: values.identityTrustAnchorsPEM },
  );
}
