import { expect, test } from 'vitest';
import type { Namespace, Pod } from '#lib/resources';
import { type InjectPodOptions, injectPod } from './inject-pod.ts';
import { createPodInjector } from './pod-injector.ts';
import { fixtureValues } from './testing/chart-values.ts';

const values = { ...fixtureValues(), identityTrustAnchorsPEM: 'anchors' };
const namespace: Namespace = {
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name: 'shop', annotations: { 'linkerd.io/inject': 'enabled' } },
};

interface PodParts {
  readonly annotations?: Record<string, string>;
  readonly labels?: Record<string, string>;
  readonly port?: { name?: string; containerPort: number };
  readonly volume?: string;
  readonly capabilities?: { drop: string[] };
}

function buildPod({ annotations, labels, port, volume, capabilities }: PodParts): Pod {
  const volumeMounts = [{ name: volume ?? '', mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' }];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', ...(annotations && { annotations }), ...(labels && { labels }) },
    spec: {
      containers: [
        {
          name: 'web',
          ports: [port ?? { containerPort: 80 }],
          ...(volume !== undefined && { volumeMounts }),
          ...(capabilities && { securityContext: { capabilities } }),
        },
      ],
      volumes: volume === undefined ? [] : [{ name: volume }],
    },
  };
}

const PODS: readonly Pod[] = [
  {},
  { volume: 'kube-api-access-aaaaa' },
  { volume: 'kube-api-access-bbbbb' },
  { volume: 'a "quoted" \\ name' },
  { volume: 'volume', annotations: { 'config.linkerd.io/proxy-log-level': '\0volume' } },
  { volume: 'volume', annotations: { 'config.linkerd.io/proxy-log-level': '\\u0000volume' } },
  { volume: '\0volume', annotations: { 'config.linkerd.io/proxy-log-level': 'volume' } },
  { annotations: { 'config.linkerd.io/proxy-cpu-limit': '2' } },
  { annotations: { 'config.linkerd.io/proxy-cpu-limit': 'nonsense' } },
  { annotations: { 'config.linkerd.io/opaque-ports': 'sql' }, port: { name: 'sql', containerPort: 5000 } },
  { annotations: { 'config.linkerd.io/opaque-ports': 'sql' }, port: { name: 'sql', containerPort: 5001 } },
  { annotations: { 'resource.opentelemetry.io/team': 'a' } },
  { annotations: { 'resource.opentelemetry.io/team': 'b' }, labels: { 'app.kubernetes.io/name': 'web' } },
  { annotations: { 'linkerd.io/inject': 'ingress' } },
  { annotations: { 'config.linkerd.io/proxy-additional-env': '[{"name":"A","value":"1"}]' } },
  { port: { containerPort: 3306 } },
  { capabilities: { drop: ['ALL'] } },
].map(buildPod);

const TRACED = {
  ...values,
  proxy: {
    ...values.proxy,
    tracing: {
      ...values.proxy.tracing,
      enabled: true,
      collector: { endpoint: 'c:1', meshIdentity: { namespace: 'trace', serviceAccountName: 'c' } },
    },
  },
};
const INHERITING: Namespace = {
  ...namespace,
  metadata: {
    name: 'other',
    annotations: {
      'config.linkerd.io/proxy-memory-limit': '99Mi',
      'config.linkerd.io/proxy-additional-env': '[{"name":"B","value":"2"}]',
    },
  },
};
const WITHOUT_INIT = { ...values, cniEnabled: true };

const QUESTIONS: readonly InjectPodOptions[] = PODS.flatMap((pod) => [
  { pod, namespace, values },
  { pod, namespace, values, owner: { kind: 'deployment', name: 'web' } },
  { pod, namespace, values, owner: { kind: 'job', name: 'other' } },
  { pod, namespace: INHERITING, values },
  { pod, namespace, values: TRACED },
  { pod, namespace, values: WITHOUT_INIT },
]);

test('a pod injector answers what injectPod() does, the first time and from memory', () => {
  const inject = createPodInjector();
  for (const question of [...QUESTIONS, ...QUESTIONS]) {
    const { patch, warnings } = injectPod(question);
    const found = inject(question);
    expect(JSON.parse(found.patchJson)).toEqual(JSON.parse(JSON.stringify(patch)));
    expect(found.warnings).toEqual(warnings);
    expect(found.failures).toEqual([]);
  }
});

test('a pod injector tells what is wrong with the annotated values', () => {
  const inject = createPodInjector();
  const pod = buildPod({ annotations: { 'config.linkerd.io/close-wait-timeout': '5s' } });
  const expected = ['proxyInit.runAsRoot must be set to use proxyInit.closeWaitTimeoutSecs'];
  for (const _ of [1, 2]) expect(inject({ pod, namespace, values }).failures).toEqual(expected);
});
