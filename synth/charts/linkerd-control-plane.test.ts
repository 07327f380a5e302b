import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { type ConfigMap, type KubeObject, LABEL, type Secret } from '#lib/resources';
import { compareRenders } from './compare-renders.testing.ts';
import { renderControlPlane } from './render.ts';
import { CERTIFICATES, containerOf, find, podOf, readPreset, render } from './renders.testing.ts';

const FIXTURES = join(import.meta.dirname, '../../test/charts/fixtures');
const DEFAULT = render(CERTIFICATES);

test('the default objects are these', async () => {
  const text = DEFAULT.map((object) => stringify(object, { lineWidth: 0 })).join('---\n');
  await expect(text).toMatchFileSnapshot(join(FIXTURES, 'default.yaml'));
});

describe('these values change these objects', () => {
  const webhook = { crtPEM: 'certificate', keyPEM: 'key' };
  test.each<[string, readonly unknown[]]>([
    ['ha', [CERTIFICATES, readPreset('ha')]],
    ['cert-manager', [readPreset('cert-manager')]],
    ['cni', [CERTIFICATES, { cniEnabled: true }]],
    ['not-native', [CERTIFICATES, { proxy: { nativeSidecar: false, await: false } }]],
    ['own-webhook-certificate', [CERTIFICATES, { proxyInjector: webhook }]],
    ['pod-monitor', [CERTIFICATES, { podMonitor: { enabled: true, labels: { release: 'prometheus' } } }]],
  ])('%s', async (name, values) => {
    const difference = compareRenders(DEFAULT, render(...values));
    await expect(`${difference.join('\n')}\n`).toMatchFileSnapshot(join(FIXTURES, `${name}.diff.txt`));
  });
});

test('private keys are in no ConfigMap', () => {
  const secret = 'a secret that nobody may see';
  const tls = { crtPEM: 'certificate', keyPEM: secret };
  const issuer = { issuer: { tls: { crtPEM: 'issuer', keyPEM: secret } } };
  const objects = render(CERTIFICATES, {
    identity: issuer,
    proxyInjector: tls,
    profileValidator: tls,
    policyValidator: tls,
  });
  for (const object of objects) {
    if (object.kind !== 'Secret') expect(JSON.stringify(object), object.metadata.name).not.toContain(secret);
  }
  const { data } = find<Secret>(objects, 'Secret', 'linkerd-identity-issuer');
  expect(data?.['key.pem']).toBe(Buffer.from(secret).toString('base64'));
});

test('linkerd-config has the values in force, and none that are absent', () => {
  const { data } = find<ConfigMap>(
    render(CERTIFICATES, { clusterDomain: 'x.local' }),
    'ConfigMap',
    'linkerd-config',
  );
  const values = parse(data?.['values'] ?? '') as Readonly<Record<string, unknown>>;
  expect(values).toMatchObject({ identityTrustDomain: 'x.local', clusterDomain: 'x.local' });
  expect(Object.keys(values)).not.toContain('tolerations');
});

test('the network validator has its security context unless it is refused', () => {
  const read = (enableSecurityContext?: boolean) => {
    const objects = render(CERTIFICATES, {
      cniEnabled: true,
      networkValidator: enableSecurityContext === undefined ? {} : { enableSecurityContext },
    });
    return containerOf(podOf(objects, 'linkerd-identity'), 'linkerd-network-validator').securityContext;
  };
  expect(read()).toMatchObject({ runAsNonRoot: true, readOnlyRootFilesystem: true });
  expect(read(true)).toEqual(read());
  expect(read(false)).toBeUndefined();
});

test('the trust anchors may come under their other name', () => {
  const { identityTrustAnchorsPEM: trustAnchorsPEM, ...others } = CERTIFICATES;
  const objects = render(others, { identity: { trustAnchorsPEM } });
  const differences = compareRenders(DEFAULT, objects).filter((line) => !line.includes('linkerd-config'));
  expect(differences).toEqual([]);
});

test('there is a namespace only where no Helm makes it', () => {
  const kinds = (objects: readonly KubeObject[]) => objects.map(({ kind }) => kind);
  expect(kinds(DEFAULT)).not.toContain('Namespace');
  const direct = renderControlPlane({ values: [CERTIFICATES], namespace: 'mesh' });
  expect(find(direct, 'Namespace', 'mesh').metadata.labels).toMatchObject({ [LABEL.isControlPlane]: 'true' });
});

test('a namespace of another name is the one that everything is in and speaks of', () => {
  const objects = renderControlPlane({ values: [CERTIFICATES], namespace: 'mesh', isHelm: true });
  for (const { metadata } of objects) expect([undefined, 'mesh']).toContain(metadata.namespace);
  const proxy = containerOf(podOf(objects, 'linkerd-destination'), 'linkerd-proxy');
  const env = new Map(proxy.env?.map(({ name, value }) => [name, value]));
  expect(env.get('LINKERD2_PROXY_IDENTITY_SVC_ADDR')).toBe(
    'linkerd-identity-headless.mesh.svc.cluster.local.:8080',
  );
});

test('labels of all objects take none of the chart away', () => {
  const commonLabels = { team: 'a', [LABEL.controlPlaneNs]: 'elsewhere' };
  for (const { metadata, kind } of render(CERTIFICATES, { commonLabels })) {
    expect(metadata.labels, `${kind} ${metadata.name}`).toMatchObject({
      team: 'a',
      [LABEL.controlPlaneNs]: 'linkerd',
    });
  }
});

test('annotations of one component beat those of all, and neither beats what the mesh goes by', () => {
  const podAnnotations = { a: 'all', b: 'all', 'config.linkerd.io/default-inbound-policy': 'deny' };
  const objects = render(CERTIFICATES, { podAnnotations, proxyInjector: { podAnnotations: { b: 'own' } } });
  const deployment = find<KubeObject & { spec: { template: KubeObject } }>(
    objects,
    'Deployment',
    'linkerd-proxy-injector',
  );
  expect(deployment.spec.template.metadata.annotations).toMatchObject({
    a: 'all',
    b: 'own',
    'config.linkerd.io/default-inbound-policy': 'all-unauthenticated',
  });
});
