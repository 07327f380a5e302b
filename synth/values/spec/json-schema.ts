import type { JsonSchema } from './leaf.ts';

/** What is wrong with a part of a value: where below the value, and in words. */
export interface Finding {
  readonly path: readonly string[];
  readonly value: unknown;
  readonly wrong: string;
}

type AnyMap = Readonly<Record<string, unknown>>;

function isMap(value: unknown): value is AnyMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const IS_TYPE: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: (value) => typeof value === 'string',
  integer: Number.isInteger,
  number: (value) => typeof value === 'number',
  boolean: (value) => typeof value === 'boolean',
  array: Array.isArray,
  object: isMap,
  null: (value) => value === null,
};

type Rule = (value: unknown, schema: JsonSchema) => string | undefined;

/** The keywords of JSON Schema that speak of a value as it stands. */
const RULES: readonly Rule[] = [
  (value, { type }) => {
    const types = type === undefined ? [] : [type].flat().map(String);
    return types.length === 0 || types.some((name) => IS_TYPE[name]?.(value))
      ? undefined
      : `has to be ${types.map(nameType).join(' or ')}`;
  },
  (value, { enum: choices }) =>
    !Array.isArray(choices) || choices.includes(value)
      ? undefined
      : `has to be one of ${choices.map((choice) => JSON.stringify(choice)).join(', ')}`,
  (value, { pattern }) =>
    typeof pattern !== 'string' || typeof value !== 'string' || new RegExp(pattern, 'u').test(value)
      ? undefined
      : `does not match ${pattern}`,
  (value, { minimum }) =>
    typeof minimum === 'number' && typeof value === 'number' && value < minimum
      ? `has to be at least ${minimum}`
      : undefined,
  (value, { maximum }) =>
    typeof maximum === 'number' && typeof value === 'number' && value > maximum
      ? `has to be at most ${maximum}`
      : undefined,
];

const TYPE_NAMES: Readonly<Record<string, string>> = {
  string: 'a text (in quotes)',
  integer: 'an integer',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
  null: 'null',
};

function nameType(type: string): string {
  return TYPE_NAMES[type] ?? type;
}

/** The first thing that is wrong with a value by the part of JSON Schema that our specs use. */
export function findFault(value: unknown, schema: JsonSchema): Finding | undefined {
  for (const rule of RULES) {
    const wrong = rule(value, schema);
    if (wrong !== undefined) return { path: [], value, wrong };
  }
  return findInside(value, schema) ?? findInAlternatives(value, schema);
}

function findInside(value: unknown, schema: JsonSchema): Finding | undefined {
  if (Array.isArray(value)) return findFirst(Object.entries(value), () => schema['items']);
  if (!isMap(value)) return undefined;
  const properties = isMap(schema['properties']) ? schema['properties'] : {};
  const missing = [schema['required'] ?? []].flat().find((key) => !(String(key) in value));
  if (missing !== undefined) return { path: [], value, wrong: `lacks the key ${String(missing)}` };
  return findFirst(Object.entries(value), (key) => properties[key] ?? schema['additionalProperties']);
}

function findFirst(
  entries: readonly (readonly [string, unknown])[],
  schemaOf: (key: string) => unknown,
): Finding | undefined {
  for (const [key, item] of entries) {
    const schema = schemaOf(key);
    if (schema === false) return { path: [key], value: item, wrong: 'is not known here' };
    const fault = isMap(schema) ? findFault(item, schema) : undefined;
    if (fault !== undefined) return { ...fault, path: [key, ...fault.path] };
  }
  return undefined;
}

function findInAlternatives(value: unknown, schema: JsonSchema): Finding | undefined {
  const alternatives = [schema['anyOf'] ?? schema['oneOf'] ?? []].flat().filter(isMap);
  const faults = alternatives.map((alternative) => findFault(value, alternative));
  return faults.length === 0 || faults.includes(undefined) ? undefined : faults[0];
}
