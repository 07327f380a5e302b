import type { JsonSchema } from './schema.ts';

/** A kind of resource that a chart teaches Kubernetes. Every kind of ours is namespaced, every version served. */
export interface CrdDefinition {
  readonly group: string;
  readonly names: CrdNames;
  /** Printed by `kubectl explain`. */
  readonly description: string;
  /** Annotations that belong to the kind, whatever chart carries it. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** Oldest first. There is no conversion: what is stored under one version is read as another one as it is. */
  readonly versions: readonly CrdVersion[];
}

export interface CrdNames {
  readonly kind: string;
  /** Lower case, as in `kubectl get <plural>`. */
  readonly plural: string;
  readonly shortNames?: readonly string[];
  /** Groups of kinds that `kubectl get <category>` lists together. */
  readonly categories?: readonly string[];
}

export interface CrdVersion {
  readonly name: string;
  /** Set on the one version that objects are stored as. */
  readonly isStored?: true;
  /** What kubectl warns of when this version is used: what to use instead. */
  readonly deprecation?: string;
  /** What `kubectl get` prints after the name. */
  readonly columns?: readonly PrinterColumn[];
  /** Whether `status` is written by a request of its own. */
  readonly hasStatusSubresource?: true;
  readonly spec: JsonSchema;
  readonly isSpecOptional?: true;
  readonly status?: JsonSchema;
}

export interface PrinterColumn {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'date';
  readonly format?: 'int32';
  readonly jsonPath: string;
}

export const AGE: PrinterColumn = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' };

/**
 * Metadata that the chart gives. Values may be opaque (references that become Helm expressions): they are placed, not
 * looked into.
 */
export interface CrdMetadata {
  readonly labels: Readonly<Record<string, unknown>>;
  readonly annotations: Readonly<Record<string, unknown>>;
}

/** The object to apply: `apiextensions.k8s.io/v1`, kind CustomResourceDefinition. */
export function buildCrd(definition: CrdDefinition, metadata: CrdMetadata): object {
  const { group, names } = definition;
  const { kind, plural, shortNames, categories } = names;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: `${plural}.${group}`,
      annotations: { ...definition.annotations, ...metadata.annotations },
      labels: { ...metadata.labels },
    },
    spec: {
      group,
      scope: 'Namespaced',
      names: {
        kind,
        listKind: `${kind}List`,
        plural,
        singular: kind.toLowerCase(),
        ...(shortNames && { shortNames }),
        ...(categories && { categories }),
      },
      versions: definition.versions.map((version) => buildVersion(version, definition.description)),
    },
  };
}

function buildVersion(version: CrdVersion, description: string): object {
  const { deprecation, columns } = version;
  return {
    name: version.name,
    served: true,
    storage: version.isStored ?? false,
    ...(deprecation !== undefined && { deprecated: true, deprecationWarning: deprecation }),
    ...(columns && { additionalPrinterColumns: columns }),
    ...(version.hasStatusSubresource && { subresources: { status: {} } }),
    schema: { openAPIV3Schema: buildRoot(version, description) },
  };
}

/** The API server knows the first three; named, they also satisfy linters that read the CRD as JSON Schema. */
function buildRoot(version: CrdVersion, description: string): JsonSchema {
  return {
    description,
    type: 'object',
    ...(version.isSpecOptional ? {} : { required: ['spec'] }),
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: { type: 'object' },
      spec: version.spec,
      ...(version.status && { status: version.status }),
    },
  };
}
