import { describe, expect, it } from 'vitest';
import { parseManifests } from './parse.ts';

const messagesOf = (text: string) => parseManifests(text, 'shop.yaml').errors.map((error) => error.message);
const objectsOf = (text: string) => {
  const { objects, errors } = parseManifests(text, 'shop.yaml');
  expect(errors).toEqual([]);
  return objects;
};

const POD = `apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
    - name: app
      ports:
        - containerPort: PORT
`;

describe('parseManifests', () => {
  it('reads several documents with their lines, skipping empty ones', () => {
    const text = `# a comment\n---\n${POD.replace('PORT', '80')}---\n---\nkind: Namespace\napiVersion: v1\nmetadata: {name: shop}\n...\n`;
    const objects = objectsOf(text);
    expect(objects.map(({ object, line }) => [object.kind, object.metadata.name, line])).toEqual([
      ['Pod', 'web', 3],
      ['Namespace', 'shop', 14],
    ]);
  });

  it('takes Lists apart, in JSON too, with the line of each item', () => {
    const item = (name: string) => ({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name } });
    const list = { apiVersion: 'v1', kind: 'List', items: [item('a'), item('b')] };
    const objects = objectsOf(JSON.stringify(list, null, '\t'));
    expect(objects.map(({ object, line }) => [object.metadata.name, line])).toEqual([
      ['a', 5],
      ['b', 12],
    ]);
  });

  it('fills in the namespace of namespaced kinds only', () => {
    const [pod] = objectsOf(POD.replace('PORT', '80'));
    expect(pod?.object.metadata.namespace).toBe('default');
    const [namespace] = objectsOf('{apiVersion: v1, kind: Namespace, metadata: {name: shop}}');
    expect(namespace?.object.metadata).toEqual({ name: 'shop' });
  });

  it('lets kinds through that it does not know', () => {
    const [object] = objectsOf(
      '{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: "system:x"}, rules: 3}',
    );
    expect(object?.object.kind).toBe('ClusterRole');
  });

  it('reads scalars as Kubernetes does: octal numbers, yes and no, merge keys, null for absent', () => {
    const [object] = objectsOf(
      'base: &base {mode: 0644}\napiVersion: x/v1\nkind: X\nmetadata: {name: x, labels: null}\nspec: {<<: *base, on: yes}\n',
    );
    expect(object?.object).toMatchObject({ spec: { mode: 420 }, metadata: { name: 'x' } });
    expect(object?.object.metadata).not.toHaveProperty('labels');
  });

  it.each([
    [
      POD.replace('PORT', 'http'),
      'shop.yaml:9: spec.containers[0].ports[0].containerPort: expected a number between 1 and 65535, got "http"',
    ],
    [
      POD.replace('PORT', '99999'),
      'shop.yaml:9: spec.containers[0].ports[0].containerPort: expected a number between 1 and 65535, got 99999',
    ],
    [
      POD.replace('- name: app', '- image: x').replace('PORT', '80'),
      'shop.yaml:7: spec.containers[0].name: is required',
    ],
    [
      POD.replace('containers', 'container').replace('PORT', '80'),
      'shop.yaml:5: spec.containers: is required',
    ],
    [POD.replace(/containers:[\s\S]*/, 'containers: []'), 'shop.yaml:6: spec.containers: must not be empty'],
    ['apiVersion: v1\nmetadata: {name: a}', 'shop.yaml:1: kind: is required'],
    ['kind: Pod\nmetadata: {name: a}', 'shop.yaml:1: apiVersion: is required'],
    ['apiVersion: v1\nkind: ConfigMap', 'shop.yaml:1: metadata: is required'],
    ['apiVersion: v1\nkind: ConfigMap\nmetadata:\n  labels: {}', 'shop.yaml:3: metadata.name: is required'],
    ['just text', 'shop.yaml:1: expected a map, got "just text"'],
    [
      'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  n: 1\n',
      'shop.yaml:6: data.n: expected a string, got 1',
    ],
    [
      'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  annotations:\n    config.linkerd.io/opaque-ports: 80\n',
      'shop.yaml:6: metadata.annotations["config.linkerd.io/opaque-ports"]: expected a string, got 80',
    ],
    [
      'apiVersion: v1\nkind: Service\nmetadata: {name: 1web}\nspec: {}',
      'shop.yaml:3: metadata.name: expected a DNS label that begins with a letter',
    ],
    [
      'apiVersion: apps/v1beta1\nkind: Deployment\nmetadata: {name: a}\nspec: {template: {spec: {containers: [{name: a}]}}}',
      'shop.yaml:1: apiVersion: expected "apps/v1" for a Deployment, got "apps/v1beta1"',
    ],
    [
      'apiVersion: v1\nkind: Namespace\nmetadata:\n  name: a\n  namespace: b',
      'shop.yaml:5: metadata.namespace: a Namespace is in no namespace; leave the field out',
    ],
    [
      'apiVersion: policy.linkerd.io/v1beta3\nkind: Server\nmetadata: {name: a}\nspec:\n  port: 80\n  proxyProtocol: http',
      'shop.yaml:6: spec.proxyProtocol: expected one of unknown, HTTP/1, HTTP/2, gRPC, opaque, TLS, got "http"',
    ],
    [
      'apiVersion: v1\nkind: List\nitems:\n  - apiVersion: v1\n    kind: Pod\n    metadata: {name: UPPER}\n    spec: {containers: [{name: a}]}',
      'shop.yaml:6: items[0].metadata.name: expected a DNS name',
    ],
  ])('refuses %j', (text, message) => {
    expect(messagesOf(text)).toContainEqual(expect.stringContaining(message));
  });

  it('reports every wrong field, and text that is no YAML with its line', () => {
    const text = POD.replace('name: web', 'name: WEB').replace('PORT', '0');
    expect(messagesOf(text)).toHaveLength(2);
    expect(messagesOf('kind: Pod\nmetadata: {name: a\nspec: 1\n')[0]).toMatch(/^shop\.yaml:[34]: /);
    expect(messagesOf('a: 1\na: 2\n')[0]).toMatch(/^shop\.yaml:2: .*unique/);
  });

  it('refuses aliases that multiply beyond reason', () => {
    const level = (n: number) =>
      `l${n}: &l${n} [${Array(10)
        .fill(`*l${n - 1}`)
        .join(', ')}]\n`;
    const bomb = `l0: &l0 [x]\n${[1, 2, 3, 4, 5].map(level).join('')}`;
    expect(messagesOf(bomb)[0]).toContain('alias');
  });
});
