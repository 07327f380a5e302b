import { type Der, isContext, readChildren, readContent, readDer, readSequence } from './der.ts';
import type { SubjectAltName } from './general-name.ts';

/** The kinds of names that can be constrained; `directory` is the subject itself. */
export type ConstrainedKind = SubjectAltName['kind'] | 'directory';

export interface ConstrainedName {
  readonly kind: ConstrainedKind;
  readonly value: string;
}

/** What names an authority may vouch for (RFC 5280, section 4.2.1.10). The value is only read for DNS and URI. */
export interface NameConstraints {
  readonly permitted: readonly ConstrainedName[];
  readonly excluded: readonly ConstrainedName[];
}

const KIND_BY_TAG: Readonly<Record<number, ConstrainedKind>> = {
  1: 'email',
  2: 'dns',
  4: 'directory',
  6: 'uri',
  7: 'ip',
};

export function readNameConstraints(value: Uint8Array): NameConstraints {
  const parts = readSequence(readDer(value), 'the name constraints');
  return {
    permitted: readSubtrees(parts.find((part) => isContext(part, 0))),
    excluded: readSubtrees(parts.find((part) => isContext(part, 1))),
  };
}

function readSubtrees(node: Der | undefined): readonly ConstrainedName[] {
  if (node === undefined) return [];
  return readChildren(node, 'the name constraints').map((subtree) => {
    const [base] = readSequence(subtree, 'a name constraint');
    const kind = (base && KIND_BY_TAG[base.type]) ?? 'other';
    const isText = kind === 'dns' || kind === 'uri';
    return { kind, value: isText ? readContent(base, 'a name constraint').toString('latin1') : '' };
  });
}

/**
 * The first of the names that these constraints forbid, or undefined. DNS names and URIs are compared; a constraint
 * on names of another kind forbids every name of that kind, because the mesh uses none.
 */
export function findForbiddenName(
  constraints: NameConstraints,
  names: readonly ConstrainedName[],
): string | undefined {
  return names.find((name) => isForbidden(constraints, name))?.value;
}

function isForbidden(constraints: NameConstraints, name: ConstrainedName): boolean {
  const permitted = constraints.permitted.filter(({ kind }) => kind === name.kind);
  const excluded = constraints.excluded.filter(({ kind }) => kind === name.kind);
  if (name.kind !== 'dns' && name.kind !== 'uri') return permitted.length + excluded.length > 0;
  if (excluded.some(({ value }) => isWithin(name, value))) return true;
  return permitted.length > 0 && !permitted.some(({ value }) => isWithin(name, value));
}

/** For DNS `example.com` covers itself and all below it, for a URI only itself; `.example.com` only what is below. */
function isWithin(name: ConstrainedName, base: string): boolean {
  const host = (name.kind === 'uri' ? readHost(name.value) : name.value).toLowerCase();
  const domain = base.toLowerCase();
  if (domain === '') return true;
  if (domain.startsWith('.')) return host.endsWith(domain);
  return host === domain || (name.kind === 'dns' && host.endsWith(`.${domain}`));
}

function readHost(uri: string): string {
  return /^[a-z][a-z0-9+.-]*:\/\/([^/?#:@]*)/i.exec(uri)?.[1] ?? '';
}
