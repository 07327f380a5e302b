import type { JsonSchema } from './schema.ts';

/**
 * What is wrong with a schema, as "path: fault", by the rules of structural schemas and by some of our own: every
 * field has a type and a description, everything named exists, defaults fit. The API server has the last word
 * (test/fixtures/crds); this says it sooner.
 */
export function findFaults(schema: JsonSchema, path = ''): readonly string[] {
  const own = OWN_FAULTS.filter((fault) => fault.isPresent(schema)).map((fault) => `${path}: ${fault.says}`);
  return [...own, ...findMissingNames(schema, path), ...findRegexFaults(schema, path), ...walk(schema, path)];
}

function walk(schema: JsonSchema, path: string): readonly string[] {
  const properties = Object.entries(schema.properties ?? {});
  return [
    ...properties.flatMap(([name, property]) => findFaults(property, `${path}.${name}`)),
    ...(schema.items ? findFaults(schema.items, `${path}[]`) : []),
    ...(schema.default === undefined ? [] : findMisfits(schema, schema.default, `${path}=default`)),
  ];
}

const isIntOrString = (schema: JsonSchema): boolean => schema['x-kubernetes-int-or-string'] === true;
const keepsUnknown = (schema: JsonSchema): boolean => schema['x-kubernetes-preserve-unknown-fields'] === true;
const isMapOfObjects = (schema: JsonSchema): boolean =>
  schema.type === 'array' && schema.items?.type === 'object';

const OWN_FAULTS: readonly { readonly says: string; readonly isPresent: (schema: JsonSchema) => boolean }[] =
  [
    { says: 'has no type', isPresent: (schema) => schema.type === undefined && !isIntOrString(schema) },
    {
      says: 'has a type beside int-or-string',
      isPresent: (schema) => schema.type !== undefined && isIntOrString(schema),
    },
    {
      says: 'has anyOf, which only int-or-string may',
      isPresent: (schema) => schema.anyOf !== undefined && !isIntOrString(schema),
    },
    {
      says: 'has properties but is no object',
      isPresent: (schema) => schema.properties !== undefined && schema.type !== 'object',
    },
    {
      says: 'has required, which only objects heed',
      isPresent: (schema) => schema.required !== undefined && schema.type !== 'object',
    },
    {
      says: 'is an object without properties, whose fields would all be dropped',
      isPresent: (schema) =>
        schema.type === 'object' && schema.properties === undefined && !keepsUnknown(schema),
    },
    {
      says: 'needs items exactly when it is an array',
      isPresent: (schema) => (schema.type === 'array') !== (schema.items !== undefined),
    },
    {
      says: 'is a list-map without keys, or has keys without being one',
      isPresent: (schema) =>
        (schema['x-kubernetes-list-type'] === 'map') !== (schema['x-kubernetes-list-map-keys'] !== undefined),
    },
    {
      says: 'is a list-map of something else than objects',
      isPresent: (schema) => schema['x-kubernetes-list-type'] === 'map' && !isMapOfObjects(schema),
    },
    {
      says: 'is a list-set of something else than scalars',
      isPresent: (schema) => schema['x-kubernetes-list-type'] === 'set' && schema.items?.type !== 'string',
    },
    { says: 'has no description', isPresent: (schema) => !schema.description },
  ];

/** Required names, alternatives and map keys must be properties; a map key must be required or have a default. */
function findMissingNames(schema: JsonSchema, path: string): readonly string[] {
  const names = [...(schema.required ?? []), ...(schema.oneOf ?? []).flatMap(({ required }) => required)];
  const missing = names.filter((name) => schema.properties?.[name] === undefined);
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  const looseKeys = keys.filter(
    (key) => !schema.items?.required?.includes(key) && schema.items?.properties?.[key]?.default === undefined,
  );
  return [
    ...missing.map((name) => `${path}: names ${name}, which is no property of it`),
    ...looseKeys.map((key) => `${path}: list-map key ${key} may be absent from an item`),
  ];
}

function findRegexFaults(schema: JsonSchema, path: string): readonly string[] {
  if (schema.pattern === undefined) {
    return [];
  }
  // Go's regular expressions know neither; a CRD that has one is refused.
  return /\(\?[=!<]|\\[1-9]/.test(schema.pattern)
    ? [`${path}: pattern has a look-around or a back-reference`]
    : [];
}

/** What a default has that its own schema refuses or would drop. */
function findMisfits(schema: JsonSchema, value: unknown, path: string): readonly string[] {
  if (Array.isArray(value)) {
    const { items } = schema;
    return items ? value.flatMap((item) => findMisfits(items, item, `${path}[]`)) : [`${path}: is a list`];
  }
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).flatMap(([name, field]) => {
      const property = schema.properties?.[name];
      return property ? findMisfits(property, field, `${path}.${name}`) : [`${path}: ${name} is no property`];
    });
  }
  const type = schema.type === 'integer' || schema.type === 'number' ? 'number' : schema.type;
  const isChoice = schema.enum === undefined || schema.enum.includes(value as string | number);
  return typeof value === type && isChoice ? [] : [`${path}: ${String(value)} is no ${type} or no choice`];
}
