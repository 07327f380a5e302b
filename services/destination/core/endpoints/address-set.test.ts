import { describe, expect, it } from 'vitest';
import type { KubeObject } from '#lib/resources';
import {
  buildEndpoint,
  buildExternalWorkload,
  buildPod,
  buildServer,
  buildService,
  buildSlice,
  opaquePorts,
  SETTINGS,
  viewOf,
} from '../../shop.fixture.ts';
import type { DestinationSettings } from '../settings.ts';
import { type AddressSet, computeAddressSet } from './address-set.ts';

const service = { namespace: 'shop', name: 'web' };
const compute = (
  objects: readonly KubeObject[],
  {
    port = 80,
    previous,
    ...settings
  }: { port?: number; previous?: AddressSet } & Partial<DestinationSettings> = {},
) =>
  computeAddressSet({
    view: viewOf(...objects),
    settings: { ...SETTINGS, ...settings },
    service,
    port,
    previous,
  });
const keysOf = (set: AddressSet) => [...set.candidates.keys()];
const addressOf = (set: AddressSet) => [...set.candidates.values()][0]?.address;
const one = (pod = buildPod('web-0', '10.0.0.1'), ...others: readonly KubeObject[]) => [
  buildService('web'),
  buildSlice('web', [buildEndpoint('web-0', '10.0.0.1')]),
  pod,
  ...others,
];

describe('computeAddressSet: which addresses', () => {
  const pods = [buildPod('web-0', '10.0.0.1'), buildPod('web-1', '10.0.0.2')];

  it('gives every ready endpoint whose pod is known', () => {
    const slice = buildSlice('web', [
      buildEndpoint('web-0', '10.0.0.1'),
      buildEndpoint('web-1', '10.0.0.2', { conditions: { ready: true, serving: false, terminating: true } }),
      buildEndpoint('web-1', '10.0.0.3', { conditions: { ready: false, serving: true } }),
      buildEndpoint('gone', '10.0.0.4'),
    ]);
    const set = compute([buildService('web'), slice, ...pods]);
    expect(keysOf(set)).toEqual(['10.0.0.1:8080', '10.0.0.2:8080']);
    expect(set.labels).toEqual({ namespace: 'shop', service: 'web' });
    expect(set.exists).toBe(true);
  });

  it.each([
    [
      'an unnamed port goes by the empty name',
      [{ port: 80 }],
      [{ name: '', port: 8080 }],
      80,
      ['10.0.0.1:8080'],
    ],
    ['a port without a name in the slice, too', [{ port: 80 }], [{ port: 8081 }], 80, ['10.0.0.1:8081']],
    [
      'a named port goes by its name, not by its targetPort',
      [
        { name: 'a', port: 80, targetPort: 1 },
        { name: 'b', port: 81, targetPort: 2 },
      ],
      [
        { name: 'b', port: 9002 },
        { name: 'a', port: 9001 },
      ],
      81,
      ['10.0.0.1:9002'],
    ],
    [
      'a port that the slice lacks has no addresses',
      [{ name: 'a', port: 80 }],
      [{ name: 'b', port: 1 }],
      80,
      [],
    ],
    [
      'a port that the Service lacks is taken as it is',
      [{ port: 80 }],
      [{ name: '', port: 1 }],
      7777,
      ['10.0.0.1:7777'],
    ],
    [
      'of one number TCP counts',
      [
        { name: 'udp', port: 53, protocol: 'UDP' as const },
        { name: 'tcp', port: 53 },
      ],
      [
        { name: 'udp', port: 1053 },
        { name: 'tcp', port: 2053 },
      ],
      53,
      ['10.0.0.1:2053'],
    ],
  ])('%s', (_case, ports, slicePorts, port, expected) => {
    const slice = buildSlice('web', [buildEndpoint('web-0', '10.0.0.1')], { ports: slicePorts });
    expect(keysOf(compute([buildService('web', { ports }), slice, ...pods], { port }))).toEqual(expected);
  });

  it('joins all slices of the Service and no others', () => {
    const slices = [
      buildSlice('web', [buildEndpoint('web-1', '10.0.0.2')], { name: 'web-b' }),
      buildSlice('web', [buildEndpoint('web-0', '10.0.0.1')], { name: 'web-a' }),
      buildSlice('api', [buildEndpoint('web-0', '10.0.0.9')]),
    ];
    expect(keysOf(compute([buildService('web'), ...slices, ...pods]))).toEqual([
      '10.0.0.1:8080',
      '10.0.0.2:8080',
    ]);
  });

  it('has nothing for a Service that is missing or of type ExternalName', () => {
    const slice = buildSlice('web', [buildEndpoint('web-0', '10.0.0.1')]);
    expect(compute([slice, ...pods])).toMatchObject({ exists: false, candidates: new Map() });
    expect(compute([buildService('web', { type: 'ExternalName' }), slice, ...pods]).exists).toBe(false);
  });

  const both = [
    buildService('web'),
    buildSlice('web', [buildEndpoint('web-0', '10.0.0.1'), buildEndpoint('web-1', '10.0.0.2')], {
      name: 'v4',
    }),
    buildSlice('web', [buildEndpoint('web-0', 'FD00::0:1')], { name: 'v6', addressType: 'IPv6' }),
    ...pods,
  ];
  it.each([
    [true, ['10.0.0.2:8080', 'fd00::1:8080']],
    [false, ['10.0.0.1:8080', '10.0.0.2:8080']],
  ])('with IPv6 %s', (enableIpv6, expected) => {
    expect(keysOf(compute(both, { enableIpv6 })).sort()).toEqual(expected);
  });

  it('keeps equal addresses identical, so that only what changed is sent', () => {
    const first = compute(one());
    const second = compute(
      one(buildPod('web-0', '10.0.0.1', { status: { phase: 'Running', hostIP: '9.9.9.9' } })),
      {
        previous: first,
      },
    );
    expect(addressOf(second)).toBe(addressOf(first));
    const third = compute(one(buildPod('web-0', '10.0.0.1', { labels: { 'pod-template-hash': 'x' } })), {
      previous: first,
    });
    expect(addressOf(third)).not.toBe(addressOf(first));
  });

  it('puts a pod on its node also where the slice does not say', () => {
    const set = compute(one(buildPod('web-0', '10.0.0.1', { nodeName: 'n1' })));
    expect([...set.candidates.values()][0]?.nodeName).toBe('n1');
  });
});

describe('computeAddressSet: what a pod is', () => {
  const dns = (name: string) => ({ kind: 'dns', name });

  it('a meshed pod has an identity and takes HTTP/2', () => {
    expect(addressOf(compute(one()))).toEqual({
      ip: '10.0.0.1',
      port: 8080,
      meshed: true,
      labels: {
        pod: 'web-0',
        serviceaccount: 'web',
        control_plane_ns: 'linkerd',
        zone: '',
      },
      workload: { group: 'core', kind: 'Pod', namespace: 'shop', name: 'web-0' },
      identity: dns('web.shop.serviceaccount.identity.linkerd.mesh.local'),
      hint: 'h2',
    });
  });

  it('an unmeshed pod has neither', () => {
    const address = addressOf(compute(one(buildPod('web-0', '10.0.0.1', { meshed: false }))));
    expect(address).toMatchObject({ meshed: false, labels: { pod: 'web-0' } });
    expect(address).not.toHaveProperty('identity');
    expect(address).not.toHaveProperty('hint');
  });

  it.each<[string, Parameters<typeof buildPod>[2], Partial<DestinationSettings>, object]>([
    [
      'another control plane: hint without identity',
      { controlPlane: 'other' },
      {},
      { identity: undefined, hint: 'h2' },
    ],
    ['no trust domain: no identity', {}, { trustDomain: '' }, { identity: undefined, hint: 'h2' }],
    [
      'no H2 upgrade: no hint',
      {},
      { enableH2Upgrade: false },
      { hint: undefined, inboundPort: undefined, meshed: true },
    ],
    [
      'a skipped port is spoken to as if unmeshed',
      { annotations: { 'config.linkerd.io/skip-inbound-ports': '8000-9000' } },
      { forceOpaqueTransport: true },
      { identity: undefined, hint: undefined, inboundPort: undefined, meshed: false },
    ],
    ['opaque by number', { annotations: opaquePorts('8080') }, {}, { hint: 'opaque', inboundPort: 4143 }],
    ['opaque by range', { annotations: opaquePorts('8000-8100') }, {}, { hint: 'opaque', inboundPort: 4143 }],
    ['opaque by name', { annotations: opaquePorts('http') }, {}, { hint: 'opaque', inboundPort: 4143 }],
    [
      'opaque without H2 upgrade',
      { annotations: opaquePorts('http') },
      { enableH2Upgrade: false },
      { hint: 'opaque' },
    ],
    ['transport header forced', {}, { forceOpaqueTransport: true }, { hint: 'h2', inboundPort: 4143 }],
    [
      'transport header forced without H2 upgrade',
      {},
      { forceOpaqueTransport: true, enableH2Upgrade: false },
      { hint: undefined, inboundPort: 4143 },
    ],
    [
      'the proxy listens elsewhere',
      { env: { LINKERD2_PROXY_INBOUND_LISTEN_ADDR: '[::]:4000' } },
      { forceOpaqueTransport: true },
      { inboundPort: 4000 },
    ],
    [
      "the proxy's own servers are not behind it",
      {
        env: {
          LINKERD2_PROXY_INBOUND_LISTEN_ADDR: '[::]:4143',
          LINKERD2_PROXY_ADMIN_LISTEN_ADDR: '[::]:8080',
        },
      },
      { forceOpaqueTransport: true },
      { hint: 'h2', inboundPort: undefined },
    ],
    [
      'a service account with dots has no identity',
      { serviceAccount: 'a.b' },
      {},
      { identity: undefined, hint: 'h2' },
    ],
    [
      'the default service account',
      { spec: { serviceAccountName: undefined as never } },
      {},
      { identity: dns('default.shop.serviceaccount.identity.linkerd.mesh.local') },
    ],
  ])('%s', (_case, pod, settings, expected) => {
    const address = addressOf(compute(one(buildPod('web-0', '10.0.0.1', pod)), settings));
    const fields: Readonly<Record<string, unknown>> = { ...address };
    for (const [field, value] of Object.entries(expected)) expect(fields[field], field).toEqual(value);
  });

  it.each([
    ['the default list counts without an annotation', {}, true],
    ['an annotation replaces the default list', { annotations: opaquePorts('1') }, false],
    ['an empty one, too', { annotations: opaquePorts('') }, false],
  ])('%s', (_case, pod, expected) => {
    const slice = buildSlice('web', [buildEndpoint('web-0', '10.0.0.1')], {
      ports: [{ name: '', port: 5432 }],
    });
    const set = compute([buildService('web'), slice, buildPod('web-0', '10.0.0.1', pod)]);
    expect(addressOf(set)?.hint).toBe(expected ? 'opaque' : 'h2');
  });

  it.each([
    ['by number', {}, 'opaque'],
    ['by name', { port: 'http' }, 'opaque'],
    ['by an empty selector', { podSelector: {} }, 'opaque'],
    ['not for other ports', { port: 1 }, 'h2'],
    ['not for other names', { port: 'admin' }, 'h2'],
    ['not for other pods', { podSelector: { matchLabels: { app: 'api' } } }, 'h2'],
    ['not for other protocols', { proxyProtocol: 'HTTP/1' }, 'h2'],
  ])('a Server makes a port opaque: %s', (_case, spec, hint) => {
    expect(addressOf(compute(one(undefined, buildServer('s', spec))))?.hint).toBe(hint);
  });

  it('leaves a pod out that must be reached through a proxy of unknown port, and says so', () => {
    const set = compute(one(buildPod('web-0', '10.0.0.1', { env: {} })), { forceOpaqueTransport: true });
    expect(set.candidates.size).toBe(0);
    expect(set.warnings).toEqual([expect.stringContaining('pod shop/web-0 left out on port 8080')]);
  });
});

describe('computeAddressSet: labels', () => {
  const owner = (kind: string, name: string) => ({ apiVersion: 'x', kind, name, uid: '1' });
  const replicaSet = (owners: ReturnType<typeof owner>[]): KubeObject => ({
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: { name: 'web-abc', namespace: 'shop', ownerReferences: owners },
  });

  it.each<[string, ReturnType<typeof owner>[], KubeObject[], object]>([
    [
      'a Deployment through its ReplicaSet',
      [owner('ReplicaSet', 'web-abc')],
      [replicaSet([owner('Deployment', 'web')])],
      { deployment: 'web' },
    ],
    [
      'a Deployment by the hash where the ReplicaSet is unknown',
      [owner('ReplicaSet', 'web-abc')],
      [],
      { deployment: 'web' },
    ],
    [
      'a ReplicaSet of its own',
      [owner('ReplicaSet', 'web-abc')],
      [replicaSet([])],
      { replicaset: 'web-abc' },
    ],
    ['a StatefulSet', [owner('StatefulSet', 'web')], [], { statefulset: 'web' }],
    ['a Job, whose name Prometheus takes', [owner('Job', 'web')], [], { k8s_job: 'web' }],
    ['itself with two owners', [owner('A', 'a'), owner('B', 'b')], [], { pod: 'web-0' }],
  ])('names %s', (_case, ownerReferences, others, expected) => {
    const pod = buildPod('web-0', '10.0.0.1', { ownerReferences, labels: { 'pod-template-hash': 'abc' } });
    expect(addressOf(compute(one(pod, ...others)))?.labels).toEqual({
      pod: 'web-0',
      serviceaccount: 'web',
      control_plane_ns: 'linkerd',
      pod_template_hash: 'abc',
      zone: '',
      ...expected,
    });
  });

  it('names the zone of the endpoint', () => {
    const slice = buildSlice('web', [buildEndpoint('web-0', '10.0.0.1', { zone: 'east' })]);
    const set = compute([buildService('web'), slice, buildPod('web-0', '10.0.0.1')]);
    expect(addressOf(set)?.labels).toMatchObject({ zone: 'east' });
  });
});

describe('computeAddressSet: endpoints that are no pods', () => {
  const targetRef = { kind: 'ExternalWorkload', name: 'vm', namespace: 'shop' };
  const slice = buildSlice('web', [{ addresses: ['10.1.0.1'], targetRef }]);
  const withWorkload = (
    workload: KubeObject,
    settings: Partial<DestinationSettings> = {},
    ...more: KubeObject[]
  ) => addressOf(compute([buildService('web'), slice, workload, ...more], settings));

  it('an external workload has its own identity and always takes HTTP/2', () => {
    expect(withWorkload(buildExternalWorkload('vm', '10.1.0.1'), { enableH2Upgrade: false })).toEqual({
      ip: '10.1.0.1',
      port: 8080,
      meshed: true,
      labels: { external_workload: 'vm', zone: '' },
      workload: { group: 'workload.linkerd.io', kind: 'ExternalWorkload', namespace: 'shop', name: 'vm' },
      identity: { kind: 'uri', uri: 'spiffe://mesh.local/vm', serverName: 'vm.mesh.local' },
      hint: 'h2',
    });
  });

  it('an external workload is opaque by annotation or Server, behind 4143 or its named port', () => {
    const opaque = buildExternalWorkload('vm', '10.1.0.1', { annotations: opaquePorts('http') });
    expect(withWorkload(opaque)).toMatchObject({ hint: 'opaque', inboundPort: 4143 });
    const ports = [
      { name: 'http', port: 8080 },
      { name: 'linkerd-proxy', port: 4999 },
    ];
    const labelled = buildExternalWorkload('vm', '10.1.0.1', { ports, labels: { app: 'vm' } });
    const server = buildServer('s', {
      podSelector: undefined as never,
      externalWorkloadSelector: { matchLabels: { app: 'vm' } },
      port: 'http',
    });
    expect(withWorkload(labelled, {}, server)).toMatchObject({ hint: 'opaque', inboundPort: 4999 });
    expect(withWorkload(labelled, { forceOpaqueTransport: true })).toMatchObject({
      hint: 'h2',
      inboundPort: 4999,
    });
  });

  it('a gateway of another cluster has the identity and the authority that the mirror wrote', () => {
    const mirror = buildSlice('web', [{ addresses: ['1.2.3.4'] }], {
      labels: { 'mirror.linkerd.io/cluster-name': 'east' },
      annotations: {
        'mirror.linkerd.io/remote-gateway-identity': 'gateway.id',
        'mirror.linkerd.io/remote-svc-fq-name': 'web.remote.svc.cluster.local',
      },
    });
    const set = compute([buildService('web'), mirror]);
    expect(addressOf(set)).toMatchObject({
      meshed: true,
      identity: { kind: 'dns', name: 'gateway.id' },
      hint: 'h2',
      authorityOverride: 'web.remote.svc.cluster.local:80',
      labels: {},
    });
    expect(set.labels).toEqual({
      namespace: 'shop',
      service: 'web',
      target_cluster: 'east',
      target_service: 'web',
      target_service_namespace: 'remote',
    });
  });

  it('any other is a bare address', () => {
    const set = compute([buildService('web'), buildSlice('web', [{ addresses: ['1.2.3.4'] }])]);
    expect(addressOf(set)).toEqual({ ip: '1.2.3.4', port: 8080, meshed: false, labels: {} });
  });
});
