import { describe, expect, it } from 'vitest';
import type { CrdDefinition } from './definition.ts';
import { buildCrd } from './definition.ts';
import { object, string } from './schema.ts';

const THING: CrdDefinition = {
  group: 'example.io',
  names: { kind: 'OddThing', plural: 'oddthings', shortNames: ['ot'] },
  description: 'A thing.',
  annotations: { 'example.io/kept': 'yes' },
  versions: [
    {
      name: 'v1alpha1',
      deprecation: 'use v1',
      isSpecOptional: true,
      spec: object('S.', { a: string('A.') }),
    },
    {
      name: 'v1',
      isStored: true,
      hasStatusSubresource: true,
      columns: [{ name: 'A', type: 'string', jsonPath: '.spec.a' }],
      spec: object('S.', { a: string('A.') }),
      status: object('T.', { b: string('B.') }),
    },
  ],
};

/** What a chart passes where the value is only known to Helm. */
const REFERENCE = { toString: () => '{{ .Release.Namespace }}' };
const built = buildCrd(THING, {
  labels: { 'example.io/ns': REFERENCE },
  annotations: { 'example.io/by': 'us' },
});

describe('buildCrd()', () => {
  it('names the object after plural and group, and fills in the names that follow from the kind', () => {
    expect(built).toMatchObject({
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'oddthings.example.io' },
      spec: {
        group: 'example.io',
        scope: 'Namespaced',
        names: {
          kind: 'OddThing',
          listKind: 'OddThingList',
          plural: 'oddthings',
          singular: 'oddthing',
          shortNames: ['ot'],
        },
      },
    });
    expect(built).not.toHaveProperty('spec.names.categories');
  });

  it('places labels and annotations as they are, beside those of the kind', () => {
    expect(built).toHaveProperty(['metadata', 'labels', 'example.io/ns'], REFERENCE);
    expect(built).toHaveProperty(['metadata', 'annotations'], {
      'example.io/kept': 'yes',
      'example.io/by': 'us',
    });
  });

  it('writes each version with what it has, and nothing that it has not', () => {
    const [old, current] = (built as { spec: { versions: Record<string, unknown>[] } }).spec.versions;
    expect(Object.keys(old ?? {})).toEqual([
      'name',
      'served',
      'storage',
      'deprecated',
      'deprecationWarning',
      'schema',
    ]);
    expect(old).toMatchObject({
      served: true,
      storage: false,
      deprecated: true,
      deprecationWarning: 'use v1',
    });
    expect(current).toMatchObject({ served: true, storage: true, subresources: { status: {} } });
    expect(current).toHaveProperty('additionalPrinterColumns.0.jsonPath', '.spec.a');
    expect(current).not.toHaveProperty('deprecated');
  });

  it('requires spec unless the version says otherwise', () => {
    expect(built).not.toHaveProperty('spec.versions.0.schema.openAPIV3Schema.required');
    expect(built).toHaveProperty('spec.versions.1.schema.openAPIV3Schema.required', ['spec']);
    expect(built).toHaveProperty('spec.versions.1.schema.openAPIV3Schema.properties.status.properties.b');
  });
});
