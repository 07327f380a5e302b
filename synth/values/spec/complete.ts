import { spelled } from '#lib/expr';
import type { Group, Leaf, SpecNode, ValuesOf } from './leaf.ts';

type AnyMap = Readonly<Record<string, unknown>>;

function isMap(value: unknown): value is AnyMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What the keys of a chart are when the user says nothing: what its values.yaml holds. */
export function defaultsOf(spec: Group): AnyMap {
  const present = Object.entries(spec.fields).filter(([, field]) => !field.isOptional);
  return Object.fromEntries(
    present.map(([key, field]) => [key, field.node === 'leaf' ? field.default : defaultsOf(field)]),
  );
}

/** Helm's way to lay values over others: maps are merged, a null takes a key away that is there, all else replaces. */
function coalesce(below: AnyMap, above: AnyMap): AnyMap {
  const merged: Record<string, unknown> = { ...below };
  for (const [key, value] of Object.entries(above)) {
    const before = merged[key];
    // Where the default is null itself, nothing is taken away.
    if (value === null && before !== undefined && before !== null) delete merged[key];
    else if (isMap(value) && isMap(before)) merged[key] = coalesce(before, value);
    else merged[key] = value;
  }
  return merged;
}

/** Files of one command: the later wins, and its null stays one until it meets the defaults. */
function mergeFiles(below: AnyMap, above: AnyMap): AnyMap {
  const merged: Record<string, unknown> = { ...below };
  for (const [key, value] of Object.entries(above)) {
    const before = merged[key];
    merged[key] = isMap(before) && isMap(value) ? mergeFiles(before, value) : value;
  }
  return merged;
}

/** `.Values` as a template has it: the defaults with what the user gives, later files over earlier ones. */
export function coalesceValues(spec: Group, ...userValues: readonly unknown[]): AnyMap {
  const user = userValues.filter(isMap).reduce(mergeFiles, {});
  return coalesce(defaultsOf(spec), user);
}

/** The values that templates are called with in direct mode: also optional keys are there, with neutral values. */
export function completeValues<S extends Group>(spec: S, ...userValues: readonly unknown[]): ValuesOf<S> {
  return fill(spec, coalesceValues(spec, ...userValues)) as ValuesOf<S>;
}

function fill(node: SpecNode, value: unknown): unknown {
  if (node.node === 'leaf') return fillLeaf(node, value);
  const given = isMap(value) ? value : {};
  const filled = Object.entries(node.fields).map(([key, field]) => [key, fill(field, given[key])]);
  return Object.fromEntries(filled);
}

function fillLeaf(leaf: Leaf<unknown>, value: unknown): unknown {
  if (value === undefined || value === null) return leaf.neutral;
  return leaf.isSpelled ? spelled(value as string | number) : value;
}
