import { allowNull, type Group, type JsonSchema, type Leaf } from './leaf.ts';

const DRAFT = 'http://json-schema.org/draft-07/schema#';

/** values.schema.json, which Helm checks after it has laid the user's values over the defaults. */
export function toJsonSchema(spec: Group): JsonSchema {
  const { properties, ...rest } = groupSchema(spec);
  return {
    $schema: DRAFT,
    ...rest,
    // Helm hands `global` to every chart that is part of another.
    properties: { ...(properties as JsonSchema), global: { type: 'object' } },
  };
}

/** Where a group may be absent, so may everything in it. */
function groupSchema(group: Group, isOptional = false): JsonSchema {
  const fields = Object.entries(group.fields);
  const required = fields.filter(([, field]) => !isOptional && !mayBeAbsent(field)).map(([key]) => key);
  return {
    type: group.isOptional ? ['object', 'null'] : 'object',
    description: group.doc,
    properties: Object.fromEntries(
      fields.map(([key, field]) => [
        key,
        field.node === 'leaf' ? leafSchema(field) : groupSchema(field, isOptional || field.isOptional),
      ]),
    ),
    ...(required.length === 0 ? {} : { required }),
    additionalProperties: false,
  };
}

function mayBeAbsent(field: Leaf<unknown> | Group): boolean {
  return field.isOptional || (field.node === 'leaf' && field.isNullable);
}

function leafSchema(leaf: Leaf<unknown>): JsonSchema {
  const schema = leaf.isOptional && !leaf.isNullable ? allowNull(leaf.schema) : leaf.schema;
  return { ...schema, description: leaf.doc };
}
