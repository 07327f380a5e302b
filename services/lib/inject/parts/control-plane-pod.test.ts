import { describe, expect, test } from 'vitest';
import { type Deferred, settle, type Tree } from '#lib/expr';
import { ANNOTATION, type Container, LABEL, type Pod, type Volume } from '#lib/resources';
import { fullValues } from '../fixtures/values.ts';
import { injectPod } from '../inject-pod.ts';
import { SERVICE_ACCOUNT_DIR } from '../service-account-mount.ts';
import { fixtureValues } from '../testing/chart-values.ts';
import { listLeaves, referValues } from '../testing/refer-values.ts';
import { listConditions, listReferences, resolveTree } from '../testing/resolve-tree.ts';
import type { InjectValues } from '../values.ts';
import { buildDebugContainer, buildValidatorContainer } from './auxiliary-containers.ts';
import { type ControlPlaneComponent, controlPlaneAnnotations, controlPlaneValues } from './control-plane.ts';
import { buildControlPlanePod, type ControlPlanePodOptions } from './control-plane-pod.ts';
import { buildInitContainer } from './init-container.ts';
import { readPodTraits } from './pod-traits.ts';
import { buildProxyContainer } from './proxy-container.ts';
import { buildProxyVolumes, buildXtablesLockVolume } from './volumes.ts';

const COMPONENTS: readonly ControlPlaneComponent[] = ['identity', 'destination', 'proxy-injector'];
const mount = { name: 'kube-api-access', mountPath: SERVICE_ACCOUNT_DIR, readOnly: true };
const controller: Container = {
  name: 'controller',
  securityContext: { capabilities: { drop: ['ALL'] } },
  volumeMounts: [mount],
};
const volume: Volume = { name: 'kube-api-access', projected: { sources: [] } };

const base = { ...fixtureValues(), identityTrustAnchorsPEM: 'anchors\n', linkerdVersion: 'edge-1.2.3' };
const full = fullValues();

const VARIANTS: readonly [string, InjectValues][] = [
  ['the defaults', base],
  ['everything set', full],
  ['no native sidecar', { ...base, proxy: { ...base.proxy, nativeSidecar: false } }],
  ['nobody waiting', { ...base, proxy: { ...base.proxy, nativeSidecar: false, await: false } }],
  ['a CNI plugin', { ...base, cniEnabled: true, disableIPv6: false }],
  ['a CNI plugin and all its settings', { ...full, cniEnabled: true, disableIPv6: false }],
  ['an unguarded validator', { ...base, cniEnabled: true, networkValidator: unguarded(base) }],
  ['the default token', { ...base, identity: { serviceAccountTokenProjection: false } }],
];

function unguarded({ networkValidator }: InjectValues): InjectValues['networkValidator'] {
  return { ...networkValidator, enableSecurityContext: false };
}

function build(
  values: Deferred<InjectValues>,
  component: ControlPlaneComponent,
  others: Partial<ControlPlanePodOptions> = {},
) {
  const parts = { containers: [controller], volumes: [volume], serviceAccountMount: mount };
  return buildControlPlanePod({ values, component, ...parts, ...others });
}

type PlainPod = Record<'initContainers' | 'containers', Container[]> & {
  readonly annotations: Record<string, string>;
};

function settlePod(pod: unknown): PlainPod {
  return settle<PlainPod>(pod as Tree<PlainPod>);
}

const names = (containers: readonly Container[]) => containers.map((container) => container.name);

describe.each(COMPONENTS)('buildControlPlanePod() of %s', (component) => {
  test.each(VARIANTS)('makes the pod that injectPod() makes, with %s', (_what, values) => {
    const pod: Pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'x',
        labels: { [LABEL.controlPlaneComponent]: component },
        annotations: controlPlaneAnnotations(component),
      },
      spec: { containers: [controller], volumes: [volume] },
    };
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'linkerd' } } as const;
    const injected = injectPod({
      pod,
      namespace,
      values: withoutDebug(controlPlaneValues(values, component)),
      component,
      owner: { kind: 'deployment', name: `linkerd-${component}` },
    }).pod;
    const { [ANNOTATION.createdBy]: _, ...annotations } = injected.metadata.annotations ?? {};
    expect(settlePod(build({ ...values, proxy: plainProxy(values) }, component))).toEqual({
      labels: injected.metadata.labels,
      annotations,
      initContainers: injected.spec.initContainers,
      containers: injected.spec.containers,
      volumes: injected.spec.volumes,
    });
  });

  test.each(VARIANTS)('says the same of references as of values, with %s', (_what, values) => {
    const initContainers = [{ name: 'own' }];
    const built = build(referValues(values), component, { initContainers });
    expect(resolveTree(built, values)).toEqual(settlePod(build(values, component, { initContainers })));
  });

  test('refers to every value but those that are not its own', () => {
    const references = listReferences(build(referValues(full), component));
    const unused = listLeaves(full).filter((leaf) => !references.has(leaf));
    const given = ['proxy.await', 'proxy.nativeSidecar'];
    const probes = ['initialDelaySeconds', 'periodSeconds', 'failureThreshold'];
    const identity = [...given, ...probes.map((key) => `proxy.startupProbe.${key}`)];
    const expected = [
      ...NOT_OWN,
      ...(component === 'identity' ? identity : []),
      ...(component === 'proxy-injector' ? ['proxy.opaquePorts'] : []),
    ];
    expect(unused).toEqual(expected.sort());
  });

  test('leaves to the chart what hangs on values', () => {
    const conditions = listConditions(build(referValues(full), component));
    expect([...conditions]).toEqual(
      expect.arrayContaining(['cniEnabled', 'proxy.tracing.enabled', 'proxy.gid']),
    );
    expect(conditions.has('proxy.nativeSidecar')).toBe(component !== 'identity');
  });
});

/** What a control-plane pod has no use for, or says itself. */
const NOT_OWN: readonly string[] = [
  'debugContainer.image.name',
  'debugContainer.image.pullPolicy',
  'debugContainer.image.version',
  'proxy.capabilities',
  'proxy.defaultInboundPolicy',
  'proxy.enableDebugSidecar',
  'proxy.inboundDiscoveryCacheUnusedTimeout',
  'proxy.loadTrustBundleFromConfigMap',
  'proxy.outboundDiscoveryCacheUnusedTimeout',
  'proxy.podInboundPorts',
  'proxy.requireTLSOnInboundPorts',
  'proxy.waitBeforeExitSeconds',
  'proxyInit.ignoreOutboundPorts',
];

/** The annotations of an injected pod decide this one. */
function plainProxy({ proxy }: InjectValues): InjectValues['proxy'] {
  return { ...proxy, isIngress: false };
}

function withoutDebug(values: InjectValues): InjectValues {
  return { ...values, proxy: { ...values.proxy, enableDebugSidecar: false } };
}

function buildParts(values: Deferred<InjectValues>): unknown[] {
  const traits = readPodTraits({ spec: { containers: [] } });
  return [
    buildProxyContainer({ values, traits }),
    buildInitContainer(values, traits),
    buildValidatorContainer(values),
    buildDebugContainer(values),
    buildXtablesLockVolume(values),
    buildProxyVolumes(values),
  ];
}

test('the parts of an injected pod refer to every value there is', () => {
  const references = listReferences(buildParts(referValues(full)));
  const unused = listLeaves(full).filter((leaf) => !references.has(leaf));
  // Whether there is a debug container is injectPod's question, and these ports are of the control plane's pods.
  expect(unused).toEqual(['cniEnabled', 'proxy.enableDebugSidecar', 'proxyInit.kubeAPIServerPorts']);
});

test.each(VARIANTS)('the parts of an injected pod say the same of references, with %s', (_what, values) => {
  expect(resolveTree(buildParts(referValues(values)), values)).toEqual(settle<unknown>(buildParts(values)));
});

test('buildControlPlanePod() puts the proxy first, but the one of identity last', () => {
  const notNative = { ...base, proxy: { ...base.proxy, nativeSidecar: false, await: false } };
  expect(names(settlePod(build(notNative, 'destination')).containers)).toEqual([
    'linkerd-proxy',
    'controller',
  ]);
  expect(names(settlePod(build(base, 'identity')).containers)).toEqual(['controller', 'linkerd-proxy']);
  expect(names(settlePod(build(base, 'identity')).initContainers)).toEqual(['linkerd-init']);
  const own = { initContainers: [{ name: 'own' }] };
  expect(names(settlePod(build(base, 'destination', own)).initContainers)).toEqual([
    'linkerd-init',
    'linkerd-proxy',
    'own',
  ]);
  expect(names(settlePod(build(notNative, 'destination', own)).initContainers)).toEqual([
    'own',
    'linkerd-init',
  ]);
});

test("buildControlPlanePod() gives a component's proxy resources of its own over those of all", () => {
  const resources = { ...base.proxy.resources, memory: { limit: '250Mi', request: '20Mi' } };
  const values = { ...base, proxy: { ...base.proxy, resources } };
  const proxyResources = { cores: 3, cpu: { limit: '3' }, memory: { limit: '', request: '50Mi' } };
  const proxy = settlePod(build(values, 'identity', { proxyResources })).containers[1];
  expect(proxy?.resources).toEqual({
    limits: { cpu: '3', memory: '250Mi' },
    requests: { memory: '50Mi' },
  });
  expect(proxy?.env).toContainEqual({ name: 'LINKERD2_PROXY_CORES', value: '3' });
});

test('buildControlPlanePod() shares the token of the controller only where the proxy has none of its own', () => {
  const values = { ...base, identity: { serviceAccountTokenProjection: false } };
  expect(settlePod(build(values, 'identity')).containers[1]?.volumeMounts).toContainEqual(mount);
  expect(settlePod(build(base, 'identity')).containers[1]?.volumeMounts).not.toContainEqual(mount);
});

test('linkerd-init adds what the values say, and keeps what iptables needs', () => {
  const [init] = settlePod(build(full, 'identity')).initContainers;
  expect(init?.securityContext?.capabilities).toEqual({
    add: ['NET_ADMIN', 'NET_RAW', 'SYS_PTRACE'],
    drop: ['ALL'],
  });
  const container = settle<Container>(buildInitContainer(full, readPodTraits({ spec: { containers: [] } })));
  expect(container.securityContext?.capabilities?.drop).toEqual(['MKNOD']);
});
