import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { inbound, type MessageInitShape, outbound, toTcpAddress } from '#lib/api';
import { createMemorySource, type MemorySource } from '#lib/cluster';
import { createGrpcClient, GrpcStatus } from '#lib/grpc';
import { PODS, type Pod, SERVICES, type Service } from '#lib/resources';
import { createLogger } from '#lib/telemetry';
import { startFakeApiServer } from '../lib/cluster/testing/api-server.ts';
import { type Policy, startPolicy } from './app.ts';
import { readConfig } from './config.ts';

const FLAGS = ['--grpc-addr=127.0.0.1:0', '--admin-addr=127.0.0.1:0', '--probe-networks=0.0.0.0/0'];
const WORKLOAD = '{"ns":"shop", "pod":"web-1"}\n';

let source: MemorySource;
let policy: Policy;
let inboundClient: ReturnType<typeof connectInbound>;
let outboundClient: ReturnType<typeof connectOutbound>;

function connectInbound(port: number) {
  return createGrpcClient(inbound.InboundServerPolicies, { address: `127.0.0.1:${port}` });
}

function connectOutbound(port: number) {
  return createGrpcClient(outbound.OutboundPolicies, { address: `127.0.0.1:${port}` });
}

beforeEach(async () => {
  source = createMemorySource();
  const log = createLogger({ target: 'test', level: 'off' });
  policy = await startPolicy(readConfig(FLAGS, {}), { source, log });
  inboundClient = connectInbound(policy.port);
  outboundClient = connectOutbound(policy.port);
});

afterEach(async () => {
  inboundClient.close();
  outboundClient.close();
  await policy.close();
});

function podWith(annotations: Record<string, string>): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web-1', namespace: 'shop', annotations },
    spec: {
      containers: [
        {
          name: 'web',
          ports: [{ containerPort: 8080 }],
          readinessProbe: { httpGet: { path: '/ready', port: 8080 } },
        },
      ],
    },
  };
}

function serviceWith(metadata: Partial<Service['metadata']>, spec: Partial<Service['spec']> = {}): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'shop', ...metadata },
    spec: { clusterIP: '10.96.0.7', ports: [{ port: 80 }], ...spec },
  };
}

function specOf(host: string, port: number): MessageInitShape<typeof outbound.TrafficSpecSchema> {
  const addr = toTcpAddress({ host, port });
  if (addr === undefined) throw new Error(host);
  return { sourceWorkload: WORKLOAD, target: { case: 'addr', value: addr } };
}

/** The next message, or undefined at the end of the stream. */
async function next<T>(stream: AsyncIterator<T>): Promise<T | undefined> {
  const { value, done } = await stream.next();
  return done === true ? undefined : value;
}

test('WatchPort sends what a proxy needs of the default server', async () => {
  source.put(podWith({}));
  const stream = inboundClient.watchPort({ workload: WORKLOAD, port: 8080 })[Symbol.asyncIterator]();
  const server = await next(stream);
  expect(server?.labels).toEqual({ group: '', kind: 'default', name: 'all-unauthenticated' });
  expect(server?.authorizations[0]?.networks.map((network) => network.net?.prefixLen)).toEqual([0, 0]);
  expect(server?.authorizations[0]?.authentication?.permit.case).toBe('unauthenticated');
  expect(server?.authorizations[0]?.metadata?.kind).toEqual({
    case: 'default',
    value: 'all-unauthenticated',
  });
  const kind = server?.protocol?.kind;
  if (kind?.case !== 'detect') throw new Error('not detected');
  expect(kind.value.timeout?.seconds).toBe(10n);
  expect(kind.value.httpRoutes.map((route) => route.metadata?.kind.value)).toEqual(['default', 'probe']);
  await stream.return?.();
});

test('WatchPort follows the annotations of the pod, leaves repeats out, and ends with the pod', async () => {
  source.put(podWith({}));
  const stream = inboundClient.watchPort({ workload: WORKLOAD, port: 8080 })[Symbol.asyncIterator]();
  await next(stream);
  source.put(podWith({ unrelated: 'change' }));
  source.put(podWith({ 'config.linkerd.io/default-inbound-policy': 'all-authenticated' }));
  const changed = await next(stream);
  expect(changed?.labels['name']).toBe('all-authenticated');
  const permit = changed?.authorizations[0]?.authentication?.permit;
  expect(permit?.case === 'meshTLS' && permit.value.clients).toMatchObject({
    case: 'identities',
    value: { identities: [], suffixes: [{ parts: [] }] },
  });
  source.put(podWith({ 'config.linkerd.io/opaque-ports': '8080' }));
  expect((await next(stream))?.protocol?.kind.case).toBe('opaque');
  source.delete(PODS, 'shop', 'web-1');
  expect(await next(stream)).toBeUndefined();
});

test.each([
  [{ workload: '{"ns":"shop","pod":"other"}', port: 80 }, GrpcStatus.NotFound, 'unknown server'],
  [{ workload: '{"ns":"shop","external_workload":"vm"}', port: 80 }, GrpcStatus.NotFound, 'unknown server'],
  [{ workload: 'nonsense', port: 80 }, GrpcStatus.InvalidArgument, 'invalid workload'],
  [{ workload: WORKLOAD, port: 0 }, GrpcStatus.InvalidArgument, 'invalid port'],
  [{ workload: WORKLOAD, port: 65_536 }, GrpcStatus.InvalidArgument, 'invalid port'],
])('GetPort(%j) is refused', async (request, code, message) => {
  await expect(inboundClient.getPort(request)).rejects.toMatchObject({
    code,
    message: expect.stringContaining(message),
  });
});

test('Watch of a cluster IP sends a complete Detect policy of its Service', async () => {
  source.put(serviceWith({}));
  const stream = outboundClient.watch(specOf('10.96.0.7', 80))[Symbol.asyncIterator]();
  const message = await next(stream);
  const service = { group: 'core', kind: 'Service', name: 'web', namespace: 'shop', port: 80 };
  expect(message?.metadata?.kind).toMatchObject({ case: 'resource', value: service });
  const kind = message?.protocol?.kind;
  if (kind?.case !== 'detect') throw new Error('not detected');
  const { timeout, http1, http2, opaque } = kind.value;
  expect(timeout?.seconds).toBe(10n);
  for (const http of [http1, http2]) {
    expect(http?.routes[0]?.metadata?.kind.value).toBe('http');
    const distribution = http?.routes[0]?.rules[0]?.backends?.kind;
    if (distribution?.case !== 'firstAvailable') throw new Error('no backends');
    expect(distribution.value.backends[0]?.backend).toMatchObject(BACKEND);
  }
  expect(opaque?.routes).toHaveLength(1);
  expect(opaque?.routes[0]?.rules).toHaveLength(1);
  expect(opaque?.routes[0]?.metadata?.kind.value).toBe('opaq');
  await stream.return?.();
});

const BACKEND = {
  metadata: { kind: { case: 'resource', value: { name: 'web', port: 80 } } },
  queue: { capacity: 100, failfastTimeout: { seconds: 3n } },
  kind: {
    case: 'balancer',
    value: {
      discovery: { kind: { case: 'dst', value: { path: 'web.shop.svc.cluster.local:80' } } },
      load: { case: 'peakEwma', value: { defaultRtt: { nanos: 30_000_000 }, decay: { seconds: 10n } } },
    },
  },
};

test('Watch follows the Service: its annotations, its ports, its address', async () => {
  source.put(serviceWith({}));
  const stream = outboundClient.watch(specOf('10.96.0.7', 80))[Symbol.asyncIterator]();
  await next(stream);
  source.put(
    serviceWith({
      annotations: {
        'balancer.linkerd.io/failure-accrual': 'consecutive',
        'balancer.alpha.linkerd.io/penalize-failures': 'true',
        'retry.linkerd.io/http': '5xx',
        'timeout.linkerd.io/request': '5s',
      },
    }),
  );
  const annotated = (await next(stream))?.protocol?.kind;
  if (annotated?.case !== 'detect') throw new Error('not detected');
  const { http1 } = annotated.value;
  expect(http1?.failureAccrual?.kind).toMatchObject({
    case: 'consecutiveFailures',
    value: { maxFailures: 7 },
  });
  expect(http1?.routes[0]?.rules[0]).toMatchObject({
    timeouts: { request: { seconds: 5n } },
    retry: {
      maxRetries: 1,
      maxRequestBytes: 65_536,
      conditions: { statusRanges: [{ start: 500, end: 599 }] },
    },
  });
  expect(JSON.stringify(http1, (_, value) => (typeof value === 'bigint' ? Number(value) : value))).toContain(
    'penaltyPeakEwma',
  );
  source.put(serviceWith({}, { ports: [{ port: 81 }] }));
  const refused = (await next(stream))?.protocol?.kind;
  if (refused?.case !== 'opaque') throw new Error('not opaque');
  expect(refused.value.routes[0]?.metadata?.kind.value).toBe('undefined-port');
  expect(refused.value.routes[0]?.rules[0]?.backends?.kind.case).toBe('empty');
  expect(refused.value.routes[0]?.rules[0]?.filters[0]?.kind.case).toBe('forbidden');
  source.delete(SERVICES, 'shop', 'web');
  expect(await next(stream)).toBeUndefined();
});

test('Watch of an address outside the cluster forwards to it, until a Service takes it', async () => {
  const stream = outboundClient.watch(specOf('93.184.216.34', 443))[Symbol.asyncIterator]();
  const fallback = await next(stream);
  expect(fallback?.metadata?.kind).toEqual({ case: 'default', value: 'egress-fallback' });
  const kind = fallback?.protocol?.kind;
  if (kind?.case !== 'detect') throw new Error('not detected');
  const distribution = kind.value.http1?.routes[0]?.rules[0]?.backends?.kind;
  if (distribution?.case !== 'firstAvailable') throw new Error('no backends');
  expect(distribution.value.backends[0]?.backend?.kind).toMatchObject({
    case: 'forward',
    value: { addr: { port: 443, ip: { ip: { case: 'ipv4', value: 0x5db8d822 } } } },
  });
  source.put(serviceWith({}, { clusterIP: '93.184.216.34', ports: [{ port: 443, appProtocol: 'mqtt' }] }));
  expect((await next(stream))?.protocol?.kind.case).toBe('opaque');
  await stream.return?.();
});

test('Get finds Services by name, and by IPv6 addresses in any spelling', async () => {
  source.put(serviceWith({}, { clusterIP: 'fd00:0:0::7', clusterIPs: ['fd00:0:0::7'] }));
  const authority = { case: 'authority', value: 'web.shop.svc.cluster.local' } as const;
  const byName = await outboundClient.get({ sourceWorkload: 'shop:web-1', target: authority });
  expect(byName.protocol?.kind.case).toBe('detect');
  const byAddress = await outboundClient.get(specOf('fd00::7', 80));
  expect(byAddress).toEqual(byName);
});

test.each<[string, MessageInitShape<typeof outbound.TrafficSpecSchema>, GrpcStatus]>([
  ['an address of the cluster that is no Service', specOf('10.1.2.3', 80), GrpcStatus.NotFound],
  [
    'a name outside the cluster',
    { sourceWorkload: WORKLOAD, target: { case: 'authority', value: 'example.com:80' } },
    GrpcStatus.NotFound,
  ],
  [
    'no authority',
    { sourceWorkload: WORKLOAD, target: { case: 'authority', value: 'web:x' } },
    GrpcStatus.InvalidArgument,
  ],
  ['no target', { sourceWorkload: WORKLOAD }, GrpcStatus.InvalidArgument],
  ['no workload', { ...specOf('10.96.0.7', 80), sourceWorkload: '' }, GrpcStatus.InvalidArgument],
  ['port 0', specOf('10.96.0.7', 0), GrpcStatus.InvalidArgument],
])('Get of %s is refused', async (_what, request, code) => {
  await expect(outboundClient.get(request)).rejects.toMatchObject({ code });
});

test('the admin server is ready and counts watches', async () => {
  source.put(podWith({}));
  const stream = inboundClient.watchPort({ workload: WORKLOAD, port: 8080 })[Symbol.asyncIterator]();
  await next(stream);
  const base = `http://127.0.0.1:${policy.adminPort}`;
  expect((await fetch(`${base}/ready`)).status).toBe(200);
  const metrics = await (await fetch(`${base}/metrics`)).text();
  expect(metrics).toContain('policy_watches{direction="inbound"} 1');
  expect(metrics).toContain('policy_updates_total{direction="inbound"} 1');
  await stream.return?.();
});

test('startPolicy() names an address that is taken', async () => {
  const flags = [`--grpc-addr=127.0.0.1:${policy.port}`, '--admin-addr=127.0.0.1:0'];
  await expect(startPolicy(readConfig(flags, {}), { source: createMemorySource() })).rejects.toThrow(
    `127.0.0.1:${policy.port}`,
  );
});

test('startPolicy() watches a Kubernetes API', async () => {
  const api = await startFakeApiServer();
  const dir = await mkdtemp(join(tmpdir(), 'policy-'));
  const kubeconfig = join(dir, 'kubeconfig');
  const clusters = [{ name: 'c', cluster: { server: api.url } }];
  const contexts = [{ name: 'c', context: { cluster: 'c' } }];
  await writeFile(kubeconfig, JSON.stringify({ 'current-context': 'c', contexts, clusters }));
  api.put(serviceWith({}));
  const log = createLogger({ target: 'test', level: 'off' });
  const watching = await startPolicy(readConfig([...FLAGS, `--kubeconfig=${kubeconfig}`], {}), { log });
  const client = connectOutbound(watching.port);
  const found = await client.get(specOf('10.96.0.7', 80));
  expect(found.metadata?.kind.case).toBe('resource');
  expect(new Set(api.requests.map(({ path }) => path))).toEqual(
    new Set(['/api/v1/pods', '/api/v1/services']),
  );
  client.close();
  await watching.close();
  await api.close();
  await rm(dir, { recursive: true });
});

test('startPolicy() needs somewhere to read from', async () => {
  await expect(startPolicy(readConfig(FLAGS, {}))).rejects.toThrow('--manifests is missing');
});
