import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import type { Namespace, Pod } from '#lib/resources';
import { injectPod } from './inject-pod.ts';
import type { PodOwner } from './owner.ts';
import { controlPlaneAnnotations, controlPlaneValues } from './parts/control-plane.ts';
import { fixtureValues } from './testing/chart-values.ts';
import type { InjectValues } from './values.ts';

const values: InjectValues = {
  ...fixtureValues(),
  linkerdVersion: 'edge-1.2.3',
  identityTrustAnchorsPEM: '-----BEGIN CERTIFICATE-----\nanchor\n-----END CERTIFICATE-----\n',
};

interface Fixture {
  readonly namespace: Namespace;
  readonly owner?: PodOwner;
  readonly pod: Pod;
}

async function readFixture(name: string): Promise<Fixture> {
  return parse(await readFile(new URL(`fixtures/${name}.input.yaml`, import.meta.url), 'utf8'));
}

test.each(['web', 'annotated', 'not-native'])(
  'injectPod() makes of %s what its golden file holds',
  async (name) => {
    const { pod, warnings } = injectPod({ ...(await readFixture(name)), values });
    expect(warnings).toEqual([]);
    await expect(stringify(pod, { lineWidth: 0, aliasDuplicateObjects: false })).toMatchFileSnapshot(
      `fixtures/${name}.golden.yaml`,
    );
  },
);

test('injectPod() leaves the given pod alone and adds in the order of the contract', async () => {
  const fixture = await readFixture('not-native');
  const before = structuredClone(fixture);
  const { patch } = injectPod({ ...fixture, values });
  expect(fixture).toEqual(before);
  expect(patch.map((operation) => operation.path)).toEqual([
    '/metadata/annotations/config.linkerd.io~1opaque-ports',
    '/metadata/annotations/linkerd.io~1created-by',
    '/metadata/annotations/linkerd.io~1proxy-version',
    '/metadata/annotations/linkerd.io~1trust-root-sha256',
    '/metadata/labels',
    '/metadata/labels/linkerd.io~1control-plane-ns',
    '/metadata/labels/linkerd.io~1workload-ns',
    '/spec/volumes',
    '/spec/volumes/-',
    '/spec/initContainers/-',
    '/spec/containers/-',
    '/spec/volumes/-',
    '/spec/volumes/-',
    '/spec/containers/0',
  ]);
});

test('injectPod() puts a native sidecar and linkerd-init before the init containers of the user', async () => {
  const { pod } = injectPod({ ...(await readFixture('annotated')), values });
  expect(pod.spec.initContainers?.map((container) => container.name)).toEqual([
    'linkerd-init',
    'linkerd-proxy',
    'migrate',
  ]);
});

test('injectPod() uses the network validator where a CNI plugin writes the rules', async () => {
  const { pod } = injectPod({ ...(await readFixture('web')), values: { ...values, cniEnabled: true } });
  const [validator] = pod.spec.initContainers ?? [];
  expect(validator?.name).toBe('linkerd-network-validator');
  expect(validator?.args).toContain('1.1.1.1:20001');
  expect(pod.spec.volumes?.map((volume) => volume.name)).not.toContain('linkerd-proxy-init-xtables-lock');
});

test('injectPod() gives a pod of the destination its neighbours on localhost and the anchors by reference', async () => {
  const { pod } = injectPod({
    ...(await readFixture('web')),
    values: controlPlaneValues(values, 'destination'),
    component: 'destination',
  });
  const env = new Map(pod.spec.initContainers?.[1]?.env?.map((variable) => [variable.name, variable]));
  expect(env.get('LINKERD2_PROXY_DESTINATION_SVC_ADDR')?.value).toBe('localhost.:8086');
  expect(env.get('LINKERD2_PROXY_POLICY_SVC_ADDR')?.value).toBe('localhost.:8090');
  expect(env.get('LINKERD2_PROXY_IDENTITY_SVC_ADDR')?.value).toBe(
    'linkerd-identity-headless.linkerd.svc.cluster.local.:8080',
  );
  expect(env.get('LINKERD2_PROXY_INBOUND_PORTS')?.value).toBe('8086,8090,8443,9443,9990,9996,9997');
  expect(env.get('LINKERD2_PROXY_IDENTITY_TRUST_ANCHORS')?.valueFrom?.configMapKeyRef).toEqual({
    name: 'linkerd-identity-trust-roots',
    key: 'ca-bundle.crt',
  });
});

test('injectPod() leaves the settings of a control-plane pod as they are, whatever its namespace says', async () => {
  const { pod, namespace } = await readFixture('web');
  const own = controlPlaneAnnotations('proxy-injector');
  const injected = injectPod({
    pod: { ...pod, metadata: { ...pod.metadata, annotations: own } },
    namespace: {
      ...namespace,
      metadata: { name: 'linkerd', annotations: { 'linkerd.io/inject': 'disabled' } },
    },
    values: controlPlaneValues(values, 'proxy-injector'),
    component: 'proxy-injector',
  });
  expect(injected.pod.metadata.annotations).toMatchObject(own);
  expect(injected.pod.metadata.annotations).not.toHaveProperty(['linkerd.io/inject']);
});

test('injectPod() keeps the identity pod from waiting for itself', async () => {
  const { pod } = injectPod({
    ...(await readFixture('web')),
    values: controlPlaneValues(values, 'identity'),
    component: 'identity',
  });
  expect(pod.spec.containers.map((container) => container.name)).toEqual(['web', 'linkerd-proxy']);
  expect(pod.spec.containers[1]?.lifecycle).toBeUndefined();
});
