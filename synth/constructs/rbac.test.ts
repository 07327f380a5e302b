import { expect, test } from 'vitest';
import type { KubeObject } from '#lib/resources';
import { WATCHED_KINDS } from '../../services/destination/cluster/connect-stores.ts';
import { CERTIFICATES, find, render } from '../charts/renders.testing.ts';
import type { Rule } from './parts/rbac.ts';

type Role = KubeObject & { readonly rules: readonly Rule[] };

const OBJECTS = render(CERTIFICATES);

function rulesOf(kind: 'Role' | 'ClusterRole', name: string): string[] {
  const { rules } = find<Role>(OBJECTS, kind, name);
  return rules.flatMap(({ apiGroups, resources, verbs, resourceNames }) =>
    resources.map((resource) => {
      const named = resourceNames === undefined ? '' : ` ${resourceNames.join()}`;
      return `${resource}.${apiGroups.join()}${named}: ${verbs.join(', ')}`;
    }),
  );
}

test('destination may watch what it watches, and nothing else', () => {
  const watched = WATCHED_KINDS.map(({ plural, group }) => `${plural}.${group}: list, watch`);
  expect(rulesOf('ClusterRole', 'linkerd-linkerd-destination').sort()).toEqual(watched.sort());
});

test('policy, in the same pods, may watch pods and services', () => {
  expect(rulesOf('ClusterRole', 'linkerd-policy')).toEqual(['pods.: list, watch', 'services.: list, watch']);
});

test('identity may review tokens and tell of what it did', () => {
  expect(rulesOf('ClusterRole', 'linkerd-linkerd-identity')).toEqual([
    'tokenreviews.authentication.k8s.io: create',
    'events.: create, patch',
  ]);
});

test('the injector may write its own Secret, Lease and webhook configuration, and no others', () => {
  expect(rulesOf('ClusterRole', 'linkerd-linkerd-proxy-injector')).toContain(
    'mutatingwebhookconfigurations.admissionregistration.k8s.io linkerd-proxy-injector-webhook-config: get, watch, patch',
  );
  expect(rulesOf('Role', 'linkerd-proxy-injector')).toEqual([
    'secrets. linkerd-proxy-injector-k8s-tls: get, watch',
    'secrets. linkerd-proxy-injector-k8s-tls: create, patch',
    'leases.coordination.k8s.io: create',
    'leases.coordination.k8s.io linkerd-proxy-injector-certificate: get, update',
  ]);
});

test('who is given a certificate may write nothing', () => {
  const given = render(CERTIFICATES, { proxyInjector: { crtPEM: 'certificate', keyPEM: 'key' } });
  const verbs = (kind: string, name: string) =>
    find<Role>(given, kind, name).rules.flatMap((rule) => [...rule.verbs]);
  expect(new Set(verbs('Role', 'linkerd-proxy-injector'))).toEqual(new Set(['get', 'watch']));
  expect(JSON.stringify(find(given, 'ClusterRole', 'linkerd-linkerd-proxy-injector'))).not.toContain(
    'mutatingwebhookconfigurations',
  );
});

test('nobody may do everything', () => {
  for (const role of OBJECTS.filter(({ kind }) => /Role$/.test(kind)) as Role[]) {
    expect(JSON.stringify(role.rules), role.metadata.name).not.toContain('"*"');
  }
});
