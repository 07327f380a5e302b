import { expect, test } from 'vitest';
import type { KubeObject } from '#lib/resources';
import { describeMeshPods } from './mesh-pod.ts';

const owner = (kind: string, name: string) => [
  { apiVersion: 'apps/v1', kind, name, uid: '1', controller: true },
];
const objects = [
  {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'web-5d-a',
      namespace: 'shop',
      labels: { 'linkerd.io/control-plane-ns': 'linkerd', 'linkerd.io/proxy-deployment': 'web' },
    },
    spec: { containers: [], serviceAccountName: 'web' },
    status: { phase: 'Running', podIP: '10.42.0.9' },
  },
  {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'outsider-66-b',
      namespace: 'shop',
      ownerReferences: owner('ReplicaSet', 'outsider-66'),
    },
    spec: { containers: [] },
  },
  {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: { name: 'outsider-66', namespace: 'shop', ownerReferences: owner('Deployment', 'outsider') },
  },
] as KubeObject[];

test('describeMeshPods() finds the Deployment by the label of the injector, or by the owners', () => {
  const pods = describeMeshPods(objects, 'linkerd');
  expect(pods.map(({ name, deployment, meshed }) => [name, deployment, meshed])).toEqual([
    ['outsider-66-b', 'outsider', false],
    ['web-5d-a', 'web', true],
  ]);
});

test('describeMeshPods() fills in what a pod does not say', () => {
  const [outsider] = describeMeshPods(objects, 'linkerd');
  expect(outsider).toMatchObject({ ip: '', phase: 'Unknown', serviceAccount: 'default', namespace: 'shop' });
});

test('describeMeshPods() takes a pod of another control plane as not meshed', () => {
  expect(describeMeshPods(objects, 'linkerd-2').every(({ meshed }) => !meshed)).toBe(true);
});
