import { MeshError } from '#lib/base';
import { findFault } from './json-schema.ts';
import type { Group, Leaf } from './leaf.ts';

type AnyMap = Readonly<Record<string, unknown>>;

const MAX_SHOWN = 80;

function isMap(value: unknown): value is AnyMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Checks what a user gives (one file of `-f`), before it is laid over the defaults.
 *
 * @throws MeshError CHART_VALUES naming the key, its value, what is wrong with it, and what may have been meant.
 */
export function validateValues(spec: Group, user: unknown): void {
  if (user === undefined || user === null) return;
  if (!isMap(user)) throw fail('values', user, 'has to be a map of keys');
  // `global` belongs to Helm: it is handed to every chart that is part of another.
  const { global: _, ...own } = user;
  validateGroup(spec, own, '');
}

function validateGroup(group: Group, user: AnyMap, prefix: string): void {
  for (const [key, value] of Object.entries(user)) {
    const path = `${prefix}${key}`;
    const field = group.fields[key];
    if (field === undefined) throw failUnknown(group, path, key);
    if (field.node === 'leaf') validateLeaf(field, value, path);
    else if (isMap(value)) validateGroup(field, value, `${path}.`);
    else if (value !== null || !field.isOptional) throw fail(path, value, 'has to be a map of keys');
  }
}

function validateLeaf(leaf: Leaf<unknown>, value: unknown, path: string): void {
  if (value === null) {
    if (leaf.isNullable || leaf.isOptional) return;
    throw fail(path, value, 'may not be taken away: leave the key out for its default');
  }
  const fault = findFault(withoutNulls(value, leaf.isOptional ? {} : leaf.default), leaf.schema);
  if (fault !== undefined) throw fail([path, ...fault.path].join('.'), fault.value, fault.wrong);
}

/** A null takes a key away that the default has; elsewhere it stays. */
function withoutNulls(value: unknown, defaults: unknown): unknown {
  if (!isMap(value) || !isMap(defaults)) return value;
  const kept = Object.entries(value).filter(([key, item]) => item !== null || !(key in defaults));
  return Object.fromEntries(kept.map(([key, item]) => [key, withoutNulls(item, defaults[key])]));
}

function fail(path: string, value: unknown, wrong: string): MeshError {
  return new MeshError('CHART_VALUES', `The value ${path}: ${show(value)} ${wrong}.`);
}

/** Long ones, certificates say, are not shown in full, and private keys not at all. */
function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  if (text.includes('PRIVATE KEY')) return '(a private key)';
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}

function failUnknown(group: Group, path: string, key: string): MeshError {
  const [nearest] = Object.keys(group.fields)
    .map((name) => ({ name, distance: countEdits(key.toLowerCase(), name.toLowerCase()) }))
    .filter(
      ({ name, distance }) => distance <= Math.max(1, Math.floor(Math.max(key.length, name.length) / 3)),
    )
    .sort((a, b) => a.distance - b.distance);
  const hint =
    nearest === undefined
      ? `known keys there: ${Object.keys(group.fields).join(', ')}`
      : `did you mean ${path.slice(0, path.length - key.length)}${nearest.name}?`;
  return new MeshError('CHART_VALUES', `There is no value ${path}; ${hint}`);
}

/** Levenshtein's distance: letters to insert, delete or replace. */
function countEdits(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, i) => i);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const replace = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(replace, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
