import { create, type MessageInitShape, meta } from '#lib/api';
import type { Reference } from '../core/reference.ts';

export function translateReference(reference: Reference): MessageInitShape<typeof meta.MetadataSchema> {
  if (reference.kind === 'default') return { kind: { case: 'default', value: reference.name } };
  const { group, resource, namespace, name, port } = reference;
  const value = create(meta.ResourceSchema, { group, kind: resource, namespace, name, port: port ?? 0 });
  return { kind: { case: 'resource', value } };
}

/** The same as the labels that metrics show; the proxy reads them where there is no metadata. */
export function translateLabels(reference: Reference): Record<string, string> {
  if (reference.kind === 'default') return { group: '', kind: 'default', name: reference.name };
  return { group: reference.group, kind: reference.resource.toLowerCase(), name: reference.name };
}
