import type { KubeObject } from '#lib/resources';
import { groupOf } from '../store-set.ts';
import { findKnownKind, type KnownKind } from './known-kinds.ts';
import { pathSegment } from './names.ts';
import { isRecord, type Report, record, text } from './shape.ts';
import { metadata } from './shapes-core.ts';

const header = record({ apiVersion: text, kind: text, metadata }, ['apiVersion', 'kind', 'metadata']);

/**
 * Checks one object: apiVersion, kind, name, and for the kinds we know the types of the fields that the mesh
 * reads. Fields that it does not read, and other kinds, are let through. Paths are relative to the object.
 */
export function validateObject(value: unknown, report: Report): value is KubeObject {
  let valid = true;
  const tell: Report = (at, problem) => {
    valid = false;
    report(at, problem);
  };
  header(value, [], tell);
  if (!valid || !isRecord(value)) return false;
  const object = value as unknown as KubeObject;
  const known = findKnownKind(groupOf(object.apiVersion), object.kind);
  (known?.name ?? pathSegment)(object.metadata.name, ['metadata', 'name'], tell);
  if (known !== undefined) validateKnown(object, known, tell);
  return valid;
}

function validateKnown(object: KubeObject, known: KnownKind, report: Report): void {
  const { kind, versions, shape } = known;
  const version = object.apiVersion.split('/').at(-1) ?? '';
  if (!versions.includes(version)) {
    const group = kind.group === '' ? '' : `${kind.group}/`;
    const expected = versions.map((name) => `"${group}${name}"`).join(' or ');
    report(
      ['apiVersion'],
      `expected ${expected} for a ${kind.kind}, got ${JSON.stringify(object.apiVersion)}`,
    );
  }
  if (!kind.namespaced && object.metadata.namespace !== undefined) {
    report(['metadata', 'namespace'], `a ${kind.kind} is in no namespace; leave the field out`);
  }
  shape(object, [], report);
}
