import { expect, test } from 'vitest';
import type { Namespace, Pod, Service, ServicePort } from '#lib/resources';
import { annotateOpaquePorts } from './annotate-opaque-ports.ts';
import { applyPatch } from './json-patch.ts';
import { defaultOpaquePorts } from './opaque-ports.ts';
import { fixtureValues } from './testing/chart-values.ts';

const defaultPorts = fixtureValues().proxy.opaquePorts;

function namespaceWith(annotations: Record<string, string> = {}): Namespace {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'data', annotations } };
}

function serviceWith(ports: ServicePort[], annotations: Record<string, string> = {}): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'db', namespace: 'data', annotations },
    spec: { ports },
  };
}

const pod: Pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'db', namespace: 'data' },
  spec: { containers: [{ name: 'db', ports: [{ containerPort: 80 }, { containerPort: 3306 }] }] },
};

test.each<[string, ServicePort, string | undefined]>([
  ['its own port where it names no target', { port: 3306 }, '3306'],
  ['its own port for a target in the list', { port: 33, targetPort: 3306 }, '33'],
  ['nothing for a target that is not in the list', { port: 3306, targetPort: 8080 }, undefined],
  ['nothing for a named target', { port: 3306, targetPort: 'sql' }, undefined],
])('defaultOpaquePorts() of a Service is %s', (_what, port, expected) => {
  const context = { namespace: namespaceWith(), defaultPorts };
  expect(defaultOpaquePorts(serviceWith([port]), context)).toBe(expected);
});

test('defaultOpaquePorts() of a pod is what it exposes of the defaults', () => {
  expect(defaultOpaquePorts(pod, { namespace: namespaceWith(), defaultPorts })).toBe('3306');
});

test('annotateOpaquePorts() copies the list of the namespace as it stands', () => {
  const namespace = namespaceWith({ 'config.linkerd.io/opaque-ports': '1000-2000' });
  const patch = annotateOpaquePorts(pod, { namespace, defaultPorts });
  expect(applyPatch(pod, patch).metadata.annotations).toEqual({
    'config.linkerd.io/opaque-ports': '1000-2000',
  });
});

test('annotateOpaquePorts() leaves an annotation alone, also an empty one', () => {
  const service = serviceWith([{ port: 3306 }], { 'config.linkerd.io/opaque-ports': '' });
  expect(annotateOpaquePorts(service, { namespace: namespaceWith(), defaultPorts })).toEqual([]);
});
