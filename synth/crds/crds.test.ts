import { describe, expect, it } from 'vitest';
import { EXTERNAL_WORKLOADS, SERVERS, SERVICE_PROFILES } from '#lib/resources';
import type { CrdDefinition } from './definition.ts';
import { GATEWAY_CRDS, LINKERD_CRDS } from './index.ts';
import type { JsonSchema } from './schema.ts';
import { array, choice, object, string } from './schema.ts';
import { findFaults } from './structural.testing.ts';

const EVERY_CRD = [...LINKERD_CRDS, ...GATEWAY_CRDS.map(({ definition }) => definition)];
const byName = EVERY_CRD.map((crd) => [nameOf(crd), crd] as const);

function nameOf({ names, group }: CrdDefinition): string {
  return `${names.plural}.${group}`;
}

function findVersion(name: string, version: string) {
  const found = EVERY_CRD.find((crd) => nameOf(crd) === name)?.versions.find((one) => one.name === version);
  if (found === undefined) {
    throw new Error(`${name} has no version ${version}`);
  }
  return found;
}

function fieldOf(schema: JsonSchema, path: string): JsonSchema | undefined {
  return path
    .split('.')
    .reduce<JsonSchema | undefined>(
      (parent, name) => (name === '[]' ? parent?.items : parent?.properties?.[name]),
      schema,
    );
}

/** Source: facts sheet crds, its first table; `*` is the stored version, `!` a deprecated one. */
const SHEET = {
  'authorizationpolicies.policy.linkerd.io': 'AuthorizationPolicy authzpolicy - v1alpha1* v1beta1',
  'egressnetworks.policy.linkerd.io': 'EgressNetwork - policy v1alpha1*',
  'externalworkloads.workload.linkerd.io': 'ExternalWorkload - external v1alpha1 v1beta1*',
  'httplocalratelimitpolicies.policy.linkerd.io': 'HTTPLocalRateLimitPolicy - - v1alpha1*',
  'httproutes.policy.linkerd.io': 'HTTPRoute - - v1alpha1 v1beta1 v1beta2 v1beta3*',
  'meshtlsauthentications.policy.linkerd.io': 'MeshTLSAuthentication meshtlsauthn - v1alpha1* v1beta1',
  'networkauthentications.policy.linkerd.io': 'NetworkAuthentication netauthn,networkauthn - v1alpha1*',
  'servers.policy.linkerd.io': 'Server srv - v1alpha1! v1beta1! v1beta2 v1beta3*',
  'serverauthorizations.policy.linkerd.io':
    'ServerAuthorization saz,serverauthz,srvauthz - v1alpha1! v1beta1*',
  'serviceprofiles.linkerd.io': 'ServiceProfile sp - v1alpha1 v1alpha2*',
  'httproutes.gateway.networking.k8s.io': 'HTTPRoute - gateway-api v1beta1 v1*',
  'grpcroutes.gateway.networking.k8s.io': 'GRPCRoute - gateway-api v1alpha2! v1*',
  'tlsroutes.gateway.networking.k8s.io': 'TLSRoute - gateway-api v1alpha2*',
  'tcproutes.gateway.networking.k8s.io': 'TCPRoute - gateway-api v1alpha2*',
};

function describeCrd({ names, versions }: CrdDefinition): string {
  const list = (values: readonly string[] = []): string => values.join(',') || '-';
  const marks = versions.map(
    ({ name, isStored, deprecation }) => `${name}${isStored ? '*' : ''}${deprecation ? '!' : ''}`,
  );
  return [names.kind, list(names.shortNames), list(names.categories), ...marks].join(' ');
}

describe('the CRDs', () => {
  it('have the names and versions that users know', () => {
    expect(Object.fromEntries(byName.map(([name, crd]) => [name, describeCrd(crd)]))).toEqual(SHEET);
  });

  it.each(byName)('%s has one stored version, and a structural schema in each', (_, crd) => {
    expect(crd.versions.filter(({ isStored }) => isStored)).toHaveLength(1);
    expect(new Set(crd.versions.map(({ name }) => name)).size).toBe(crd.versions.length);
    for (const { spec, status, name } of crd.versions) {
      expect(findFaults(spec, `${name}.spec`)).toEqual([]);
      expect(status ? findFaults(status, `${name}.status`) : []).toEqual([]);
    }
  });

  it.each(byName)('%s prints columns of fields that it has', (_, crd) => {
    for (const { columns = [], spec } of crd.versions) {
      const fields = columns.filter(({ jsonPath }) => jsonPath.startsWith('.spec.'));
      expect(fields.filter(({ jsonPath }) => !fieldOf(spec, jsonPath.slice('.spec.'.length)))).toEqual([]);
    }
  });

  it.each(byName)('%s keeps what controllers write: a status, where it is a subresource', (_, crd) => {
    for (const { hasStatusSubresource, status } of crd.versions) {
      expect(hasStatusSubresource === true && status === undefined).toBe(false);
    }
  });

  it.each([SERVERS, SERVICE_PROFILES, EXTERNAL_WORKLOADS])(
    'serve $kind in the version we read',
    (resource) => {
      const { kind, plural, group, version } = resource;
      const crd = EVERY_CRD.find((one) => nameOf(one) === `${plural}.${group}`);
      expect(crd?.names.kind).toBe(kind);
      expect(crd?.versions.map(({ name }) => name)).toContain(version);
    },
  );
});

describe('versions of one kind', () => {
  const server = (version: string) => findVersion('servers.policy.linkerd.io', version).spec;
  const route = (version: string) => findVersion('httproutes.policy.linkerd.io', version).spec;
  const workload = (version: string) => findVersion('externalworkloads.workload.linkerd.io', version).spec;

  it('Server: one selector of pods first, then a choice of two, then an access policy', () => {
    expect(fieldOf(server('v1alpha1'), 'podSelector')?.oneOf).toHaveLength(2);
    expect(fieldOf(server('v1beta1'), 'podSelector')?.oneOf).toBeUndefined();
    expect(server('v1beta1').required).toEqual(['podSelector', 'port']);
    expect(server('v1beta2').oneOf).toEqual([
      { required: ['podSelector'] },
      { required: ['externalWorkloadSelector'] },
    ]);
    expect(server('v1beta2').required).toEqual(['port']);
    expect(fieldOf(server('v1beta2'), 'accessPolicy')).toBeUndefined();
    expect(fieldOf(server('v1beta3'), 'accessPolicy')?.default).toBe('deny');
  });

  it('HTTPRoute: backends from v1beta2 on, timeouts from v1beta3 on', () => {
    expect(fieldOf(route('v1beta1'), 'rules.[].backendRefs.[].weight')).toBeUndefined();
    expect(fieldOf(route('v1beta2'), 'rules.[].backendRefs.[].weight')?.default).toBe(1);
    expect(fieldOf(route('v1beta2'), 'rules.[].timeouts')).toBeUndefined();
    expect(fieldOf(route('v1beta3'), 'rules.[].timeouts.request')?.format).toBe('duration');
  });

  it('ExternalWorkload: meshTls became meshTLS, and there may be an address of each family', () => {
    expect(Object.keys(workload('v1alpha1').properties ?? {})).toContain('meshTls');
    expect(Object.keys(workload('v1beta1').properties ?? {})).not.toContain('meshTls');
    expect(fieldOf(workload('v1beta1'), 'workloadIPs')?.maxItems).toBe(2);
  });

  it('ServiceProfile: routes were required once', () => {
    const profile = (version: string) => findVersion('serviceprofiles.linkerd.io', version).spec;
    expect(profile('v1alpha1').required).toEqual(['routes']);
    expect(profile('v1alpha2').required).toBeUndefined();
  });
});

describe('findFaults()', () => {
  const clean = object('A thing.', { name: string('Its name.') }, { required: ['name'] });

  it('finds nothing wrong with a clean schema', () => {
    expect(findFaults(clean)).toEqual([]);
  });

  it.each<readonly [string, JsonSchema, string]>([
    ['a field without a type', { description: 'x' }, 'has no type'],
    ['a field without a description', { type: 'string' }, 'has no description'],
    ['required on a list', { ...array('x', clean), required: ['name'] }, 'only objects heed'],
    ['a required field that is none', { ...clean, required: ['other'] }, 'names other'],
    ['an object without fields', { description: 'x', type: 'object' }, 'would all be dropped'],
    ['a key that may be absent', array('x', clean, { mapKeys: ['kind'] }), 'list-map key kind'],
    ['a default that is no choice', choice('x', ['a', 'b'], { default: 'c' }), 'c is no string or no choice'],
    ['a default with a field that is none', { ...clean, default: { age: 1 } }, 'age is no property'],
    ['a look-ahead', string('x', { pattern: '^(?!a)' }), 'look-around'],
  ])('finds %s', (_, schema, says) => {
    expect(findFaults(schema).join()).toContain(says);
  });
});
