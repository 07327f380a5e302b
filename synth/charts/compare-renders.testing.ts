import { parse } from 'yaml';
import type { KubeObject } from '#lib/resources';

type Tree = Readonly<Record<string, unknown>>;

/** How two renders differ: a line for what went (`-`) or came (`+`) at a path, as a whole where all of it did. */
export function compareRenders(before: readonly KubeObject[], after: readonly KubeObject[]): string[] {
  return compare(toTree(before), toTree(after), '');
}

function toTree(objects: readonly KubeObject[]): Tree {
  return Object.fromEntries(
    objects.map((object) => [`${object.kind}/${object.metadata.name}`, open(object)]),
  );
}

/** Lists whose items have names as maps of them; the YAML in linkerd-config as what it says. */
function open(value: unknown, key = ''): unknown {
  if (key === 'values' && typeof value === 'string') return open(parse(value));
  if (typeof value !== 'object' || value === null) return value;
  const names = namesOf(value);
  if (names === undefined && Array.isArray(value)) return value.map((item) => open(item));
  const entries = Object.entries(value).map(([at, part]) => [names?.[Number(at)] ?? at, open(part, at)]);
  return { ...Object.fromEntries(entries), ...(names && names.length > 1 && { '(order)': names.join(' ') }) };
}

function namesOf(value: object): string[] | undefined {
  if (!Array.isArray(value) || value.length === 0) return undefined;
  const names = value.flatMap((item: unknown) => (isNamed(item) ? [item.name] : []));
  return new Set(names).size === value.length ? names : undefined;
}

function isNamed(item: unknown): item is { readonly name: string } {
  return typeof item === 'object' && item !== null && 'name' in item && typeof item.name === 'string';
}

function compare(was: unknown, is: unknown, path: string): string[] {
  if (JSON.stringify(was) === JSON.stringify(is)) return [];
  if (isTree(was) && isTree(is)) {
    const keys = [...new Set([...Object.keys(was), ...Object.keys(is)])].sort();
    return keys.flatMap((key) => compare(was[key], is[key], `${path}${path && ' '}${key}`));
  }
  const line = (sign: string, value: unknown) =>
    value === undefined ? [] : [`${sign} ${path}: ${JSON.stringify(value)}`];
  return [...line('-', was), ...line('+', is)];
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
