import { describe, expect, test } from 'vitest';
import type { Container, Namespace, Pod, PodSpec } from '#lib/resources';
import { decideInjection, describeSkipReasons } from './decide-injection.ts';

function namespaceWith(inject: string | undefined): Namespace {
  const annotations = inject === undefined ? {} : { 'linkerd.io/inject': inject };
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', annotations } };
}

function podWith(inject: string | undefined, spec: Partial<PodSpec> = {}): Pod {
  const annotations = inject === undefined ? {} : { 'linkerd.io/inject': inject };
  const containers: Container[] = [{ name: 'app', image: 'example/app:1' }];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'shop', annotations },
    spec: { containers, ...spec },
  };
}

const ABSENT = 'injection_enable_annotation_absent';
const DISABLED = 'injection_disable_annotation_present';

test.each([
  ['enabled', undefined, 'enabled'],
  ['ingress', undefined, 'ingress'],
  ['ingress', 'enabled', 'enabled'],
  ['enabled', 'ingress', 'ingress'],
  [undefined, 'enabled', 'enabled'],
  ['disabled', 'ingress', 'ingress'],
  ['', '', ABSENT],
  [undefined, undefined, ABSENT],
  ['disabled', undefined, ABSENT],
  ['enabled', 'disabled', DISABLED],
  [undefined, 'disabled', DISABLED],
  ['yes', 'enabled', 'invalid_inject_annotation_at_ns'],
  ['enabled', 'yes', 'invalid_inject_annotation_at_workload'],
])('decideInjection() with namespace %s and pod %s is %s', (ofNamespace, ofPod, expected) => {
  const decision = decideInjection({
    pod: podWith(ofPod),
    namespace: namespaceWith(ofNamespace),
    tokenProjection: true,
  });
  expect(decision.inject ? decision.mode : decision.reasons.join()).toBe(expected);
});

describe('decideInjection() leaves alone', () => {
  const cases: [string, Partial<PodSpec>, string][] = [
    ['pods on the host network', { hostNetwork: true }, 'host_network_enabled'],
    ['pods with a proxy by name', { containers: [{ name: 'linkerd-proxy' }] }, 'sidecar_already_exists'],
    [
      'pods with a proxy by image',
      { containers: [{ name: 'x', image: 'gcr.io/istio-release/proxyv2:1' }] },
      'sidecar_already_exists',
    ],
    [
      'pods with a native sidecar',
      { initContainers: [{ name: 'linkerd-proxy' }], containers: [] },
      'sidecar_already_exists',
    ],
    [
      'pods with the rules already',
      { initContainers: [{ name: 'linkerd-init' }], containers: [] },
      'sidecar_already_exists',
    ],
  ];
  test.each(cases)('%s', (_what, spec, reason) => {
    const decision = decideInjection({
      pod: podWith(undefined, spec),
      namespace: namespaceWith('enabled'),
      tokenProjection: true,
    });
    expect(decision).toMatchObject({ inject: false, reasons: [reason] });
  });
});

test('decideInjection() needs the default token only where none is projected', () => {
  const question = { pod: podWith('enabled'), namespace: namespaceWith(undefined) };
  expect(decideInjection({ ...question, tokenProjection: true }).inject).toBe(true);
  expect(decideInjection({ ...question, tokenProjection: false })).toMatchObject({
    reasons: ['disabled_automount_service_account_token_account'],
  });
  expect(decideInjection({ ...question, tokenProjection: false, origin: 'cli' }).inject).toBe(true);
});

test('decideInjection() for the CLI does not ask the namespace', () => {
  const decision = decideInjection({
    pod: podWith(undefined),
    namespace: namespaceWith('nonsense'),
    tokenProjection: true,
    origin: 'cli',
  });
  expect(decision).toEqual({ inject: true, mode: 'enabled', annotationAt: '' });
});

test('describeSkipReasons() names every reason', () => {
  const pod = podWith('disabled', { hostNetwork: true });
  const decision = decideInjection({ pod, namespace: namespaceWith('enabled'), tokenProjection: true });
  expect(decision.inject ? '' : describeSkipReasons(decision.reasons)).toBe(
    'hostNetwork is enabled, pod has the annotation "linkerd.io/inject:disabled"',
  );
});
