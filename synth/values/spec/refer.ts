import { type Deferred, defaultTo, type ExprType, refer, spelled, type Value } from '#lib/expr';
import type { Group, JsonSchema, Leaf, ValuesOf } from './leaf.ts';

/** Values as a chart's templates see them: each leaf refers to what the user will have given. */
export function referValues<S extends Group>(spec: S): Deferred<ValuesOf<S>> {
  return referGroup(spec, [], false) as Deferred<ValuesOf<S>>;
}

function referGroup(
  group: Group,
  path: readonly string[],
  isNilSafe: boolean,
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(group.fields).map(([key, field]) => {
      const inside = [...path, key];
      return [
        key,
        field.node === 'leaf'
          ? referLeaf(field, inside, isNilSafe)
          : referGroup(field, inside, isNilSafe || field.isOptional),
      ];
    }),
  );
}

function referLeaf(leaf: Leaf<unknown>, path: readonly string[], isNilSafe: boolean): unknown {
  const itemType = itemTypeIn(leaf);
  const value = refer<unknown>(path, { type: leaf.type, isNilSafe, ...(itemType && { itemType }) });
  if (leaf.isSpelled) return spelled(value as Value<string | number>);
  const mayBeAbsent = isNilSafe || leaf.isOptional;
  return mayBeAbsent && leaf.neutral !== null ? defaultTo(value, leaf.neutral) : value;
}

const TYPES: Readonly<Record<string, ExprType>> = {
  string: 'string',
  integer: 'integer',
  number: 'number',
  boolean: 'boolean',
  array: 'list',
  object: 'map',
};

/** What the schema says of all items of a list or all values of a map. */
function itemTypeIn({ schema }: Leaf<unknown>): ExprType | undefined {
  const { type } = (schema['items'] ?? schema['additionalProperties'] ?? {}) as JsonSchema;
  return typeof type === 'string' ? TYPES[type] : undefined;
}
