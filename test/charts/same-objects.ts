import { parse } from 'yaml';

interface Named {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly data?: Readonly<Record<string, string>>;
}

/**
 * Objects by what names them, comparable: where a ConfigMap holds values as YAML, those count and not their bytes. A
 * null among them is as good as nothing: where a user gives null for a default of null, Helm 3 and Helm 4 differ.
 */
export function byName(objects: readonly unknown[]): Readonly<Record<string, unknown>> {
  const entries = objects.map((object) => {
    const { kind, metadata } = object as Named;
    return [`${kind} ${metadata.namespace ?? '-'}/${metadata.name}`, readInner(object as Named)] as const;
  });
  const names = entries.map(([name]) => name);
  const twice = names.filter((name, i) => names.indexOf(name) !== i);
  if (twice.length > 0) throw new Error(`rendered more than once: ${twice.join(', ')}`);
  return Object.fromEntries(entries);
}

function readInner(object: Named): unknown {
  const values = object.data?.['values'];
  if (object.kind !== 'ConfigMap' || values === undefined) return object;
  return { ...object, data: { ...object.data, values: dropNulls(parse(values, { version: '1.1' })) } };
}

function dropNulls(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const kept = Object.entries(value).filter(([, item]) => item !== null);
  return Object.fromEntries(kept.map(([key, item]) => [key, dropNulls(item)]));
}
