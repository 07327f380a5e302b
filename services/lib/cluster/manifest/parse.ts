import { apiVersionOf, type KubeObject, type ResourceKind } from '#lib/resources';
import { groupOf } from '../store-set.ts';
import { parseDocuments } from './document.ts';
import { ManifestError } from './error.ts';
import { findKnownKind } from './known-kinds.ts';
import { type FieldPath, formatPath } from './path.ts';
import { isRecord } from './shape.ts';
import { validateObject } from './validate.ts';

/** An object and where it was written. */
export interface ManifestObject {
  readonly object: KubeObject;
  readonly file: string;
  /** The first line is 1. */
  readonly line: number;
}

export interface Manifests {
  readonly objects: readonly ManifestObject[];
  readonly errors: readonly ManifestError[];
}

/**
 * The objects of a YAML or JSON text: several documents, and Lists taken apart. Known kinds get the apiVersion
 * under which the mesh reads them and, where they name none, the namespace `default`. Fields set to null are
 * absent, as they are to Kubernetes.
 */
export function parseManifests(source: string, file: string): Manifests {
  const objects: ManifestObject[] = [];
  const { documents, errors: textErrors } = parseDocuments(source);
  const errors = textErrors.map(({ line, problem }) => new ManifestError({ file, line }, problem));
  for (const document of documents) {
    for (const { value, at } of takeListApart(dropNulls(document.value), [])) {
      const report = (field: FieldPath, problem: string) => {
        const path = [...at, ...field];
        errors.push(
          new ManifestError({ file, line: document.lineOf(path), field: formatPath(path) }, problem),
        );
      };
      if (validateObject(value, report)) {
        objects.push({ object: normalizeKnown(value), file, line: document.lineOf(at) });
      }
    }
  }
  return { objects, errors };
}

function takeListApart(value: unknown, at: FieldPath): { value: unknown; at: FieldPath }[] {
  if (!isRecord(value) || value['kind'] !== 'List' || !Array.isArray(value['items'])) return [{ value, at }];
  return value['items'].flatMap((item, index) => takeListApart(item, [...at, 'items', index]));
}

function dropNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(dropNulls);
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, entry]) => entry !== null && entry !== undefined)
      .map(([key, entry]) => [key, dropNulls(entry)]),
  );
}

function normalizeKnown(object: KubeObject): KubeObject {
  const kind = findKnownKind(groupOf(object.apiVersion), object.kind)?.kind;
  return kind === undefined ? object : normalizeObject(object, kind);
}

/** The object under the kind's own apiVersion, and in the namespace `default` where it names none. */
export function normalizeObject(object: KubeObject, kind: ResourceKind<KubeObject>): KubeObject {
  const metadata = kind.namespaced ? { namespace: 'default', ...object.metadata } : object.metadata;
  return { ...object, apiVersion: apiVersionOf(kind), metadata };
}
