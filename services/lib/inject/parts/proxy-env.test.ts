import { expect, test } from 'vitest';
import { settle } from '#lib/expr';
import type { EnvVar, PodTemplate } from '#lib/resources';
import { fixtureValues } from '../testing/chart-values.ts';
import type { InjectValues } from '../values.ts';
import { readPodTraits } from './pod-traits.ts';
import { buildProxyEnv } from './proxy-env.ts';

const pod: PodTemplate = {
  metadata: {
    labels: { 'app.kubernetes.io/name': 'web' },
    annotations: { 'resource.opentelemetry.io/team': 'a' },
  },
  spec: {
    containers: [
      {
        name: 'web',
        ports: [{ containerPort: 9090 }, { containerPort: 80 }, { containerPort: 11211 }],
        livenessProbe: { httpGet: { port: 8081 } },
        readinessProbe: { httpGet: { port: 'named' } },
      },
    ],
  },
};

function buildEnv(values: InjectValues): readonly EnvVar[] {
  return settle<readonly EnvVar[]>(buildProxyEnv({ values, traits: readPodTraits(pod) }));
}

function names(values: InjectValues): string[] {
  return buildEnv(values).map((variable) => variable.name.replace('LINKERD2_PROXY_', ''));
}

test('buildProxyEnv() keeps the order of the contract', () => {
  expect(names(fixtureValues())).toEqual([
    ...['_pod_name', '_pod_ns', '_pod_uid', '_pod_ip', '_pod_nodeName', '_pod_containerName'],
    ...['CORES', 'CORES_MIN', 'SHUTDOWN_ENDPOINT_ENABLED', 'LOG', 'LOG_FORMAT'],
    ...['DESTINATION_SVC_ADDR', 'DESTINATION_PROFILE_NETWORKS', 'POLICY_SVC_ADDR', 'POLICY_WORKLOAD'],
    ...['INBOUND_DEFAULT_POLICY', 'POLICY_CLUSTER_NETWORKS'],
    ...['CONTROL_STREAM_INITIAL_TIMEOUT', 'CONTROL_STREAM_IDLE_TIMEOUT', 'CONTROL_STREAM_LIFETIME'],
    ...['INBOUND_CONNECT_TIMEOUT', 'OUTBOUND_CONNECT_TIMEOUT'],
    ...['OUTBOUND_DISCOVERY_IDLE_TIMEOUT', 'INBOUND_DISCOVERY_IDLE_TIMEOUT'],
    ...['CONTROL_LISTEN_ADDR', 'ADMIN_LISTEN_ADDR', 'OUTBOUND_LISTEN_ADDR', 'OUTBOUND_LISTEN_ADDRS'],
    ...['INBOUND_LISTEN_ADDR', 'INBOUND_IPS', 'INBOUND_PORTS', 'DESTINATION_PROFILE_SUFFIXES'],
    ...['INBOUND_ACCEPT_KEEPALIVE', 'OUTBOUND_CONNECT_KEEPALIVE'],
    ...['INBOUND_ACCEPT_USER_TIMEOUT', 'OUTBOUND_CONNECT_USER_TIMEOUT', 'OUTBOUND_METRICS_HOSTNAME_LABELS'],
    ...['INBOUND_SERVER_HTTP2_KEEP_ALIVE_INTERVAL', 'INBOUND_SERVER_HTTP2_KEEP_ALIVE_TIMEOUT'],
    ...['OUTBOUND_SERVER_HTTP2_KEEP_ALIVE_INTERVAL', 'OUTBOUND_SERVER_HTTP2_KEEP_ALIVE_TIMEOUT'],
    ...['INBOUND_PORTS_DISABLE_PROTOCOL_DETECTION', 'DESTINATION_CONTEXT'],
    ...[
      '_pod_sa',
      '_l5d_ns',
      '_l5d_trustdomain',
      'IDENTITY_DIR',
      'IDENTITY_TRUST_ANCHORS',
      'IDENTITY_TOKEN_FILE',
    ],
    ...[
      'IDENTITY_SVC_ADDR',
      'IDENTITY_LOCAL_NAME',
      'IDENTITY_SVC_NAME',
      'DESTINATION_SVC_NAME',
      'POLICY_SVC_NAME',
    ],
  ]);
});

test('buildProxyEnv() refers only to variables that stand before', () => {
  const seen = new Set<string>();
  for (const { name, value } of buildEnv(fixtureValues())) {
    for (const [, used] of (value ?? '').matchAll(/\$\((\w+)\)/g)) expect(seen).toContain(used);
    seen.add(name);
  }
});

test('buildProxyEnv() lists the inbound ports sorted as strings', () => {
  const env = new Map(buildEnv(fixtureValues()).map((v) => [v.name, v.value]));
  expect(env.get('LINKERD2_PROXY_INBOUND_PORTS')).toBe('11211,80,8081,9090');
  expect(env.get('LINKERD2_PROXY_LOG')).toBe(
    'warn,linkerd=info,hickory=error,[{headers}]=off,[{request}]=off',
  );
  expect(env.get('LINKERD2_PROXY_IDENTITY_LOCAL_NAME')).toBe(
    '$(_pod_sa).$(_pod_ns).serviceaccount.identity.linkerd.cluster.local',
  );
});

test('buildProxyEnv() listens on both families when IPv6 is on', () => {
  const values = { ...fixtureValues(), disableIPv6: false };
  const env = new Map(buildEnv(values).map((v) => [v.name, v.value]));
  expect(env.get('LINKERD2_PROXY_INBOUND_LISTEN_ADDR')).toBe('[::]:4143');
  expect(env.get('LINKERD2_PROXY_OUTBOUND_LISTEN_ADDRS')).toBe('127.0.0.1:4140,[::1]:4140');
});

test('buildProxyEnv() describes the pod to the trace collector when tracing is on', () => {
  const defaults = fixtureValues();
  const collector = {
    endpoint: 'collector.trace:4317',
    meshIdentity: { serviceAccountName: 'collector', namespace: 'trace' },
  };
  const tracing = { ...defaults.proxy.tracing, enabled: true, collector };
  const values = { ...defaults, proxy: { ...defaults.proxy, tracing } };
  const env = new Map(buildEnv(values).map((v) => [v.name, v.value]));
  expect(env.get('LINKERD2_PROXY_TRACE_COLLECTOR_SVC_NAME')).toBe(
    'collector.trace.serviceaccount.identity.linkerd.cluster.local',
  );
  expect(env.get('LINKERD2_PROXY_TRACE_EXTRA_ATTRIBUTES')).toBe(
    'k8s.container.name=$(_pod_containerName)\nk8s.pod.ip=$(_pod_ip)\nk8s.pod.uid=$(_pod_uid)\nservice.name=web\nteam=a\n',
  );
});
