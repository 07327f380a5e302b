import { type ExprType, typeOf, type Whole } from '#lib/expr';

/** A fragment of JSON Schema, draft 7: what values.schema.json says of a value, and what we check ourselves. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** One key of a chart's values, with all there is to say about it. */
export interface Leaf<out T> {
  readonly node: 'leaf';
  readonly default: unknown;
  readonly doc: string;
  readonly type: ExprType;
  readonly schema: JsonSchema;
  /** What templates see where an optional key is absent. */
  readonly neutral: unknown;
  readonly isOptional: boolean;
  readonly isNullable: boolean;
  /** A number that a user gives is seen by templates as it is spelled. */
  readonly isSpelled: boolean;
  /** Never set: carries the type. */
  readonly __type?: T;
}

/** Keys that belong together under one key; a chart's values as a whole are such a group. */
export interface Group<out Fields extends SpecFields = SpecFields> {
  readonly node: 'group';
  readonly doc: string;
  readonly fields: Fields;
  readonly isOptional: boolean;
}

export type SpecNode = Leaf<unknown> | Group;
export type SpecFields = { readonly [key: string]: SpecNode };

/** Complete plain values of a chart. */
export type ValuesOf<S> =
  S extends Group<infer Fields>
    ? { readonly [Key in keyof Fields]: ValuesOf<Fields[Key]> }
    : S extends Leaf<infer T>
      ? T
      : never;

export interface TextOptions<T extends string> {
  readonly enum?: readonly T[];
  /** A regular expression of both ECMAScript and RE2. */
  readonly pattern?: string;
  readonly format?: string;
}

export interface RangeOptions {
  readonly minimum?: number;
  readonly maximum?: number;
}

type LeafParts = Pick<Leaf<unknown>, 'default' | 'doc' | 'type' | 'schema' | 'neutral'>;

function makeLeaf<T>(parts: LeafParts): Leaf<T> {
  return { node: 'leaf', ...parts, isOptional: false, isNullable: false, isSpelled: false };
}

export function text<T extends string = string>(
  defaultValue: NoInfer<T> | null,
  doc: string,
  options: TextOptions<T> = {},
): Leaf<T> {
  const schema = { type: 'string', ...options };
  return makeLeaf({ default: defaultValue, doc, type: 'string', schema, neutral: '' });
}

/** A text that many write as a number, without quotes: a port, a version, a quantity. Templates see a text; 0 is none. */
export function textOrNumber(
  defaultValue: string,
  doc: string,
  options: Pick<TextOptions<string>, 'pattern'> = {},
): Leaf<string> {
  const schema = { type: ['string', 'number'], ...options };
  return {
    ...makeLeaf<string>({ default: defaultValue, doc, type: 'any', schema, neutral: '' }),
    isSpelled: true,
  };
}

export function integer(defaultValue: number | null, doc: string, options: RangeOptions = {}): Leaf<number> {
  const schema = { type: 'integer', ...options };
  return makeLeaf({ default: defaultValue, doc, type: 'integer', schema, neutral: 0 });
}

/** A number that may have a fraction. */
export function number(defaultValue: number | null, doc: string, options: RangeOptions = {}): Leaf<number> {
  const schema = { type: 'number', ...options };
  return makeLeaf({ default: defaultValue, doc, type: 'number', schema, neutral: 0 });
}

export function flag(defaultValue: boolean | null, doc: string): Leaf<boolean> {
  const schema = { type: 'boolean' };
  return makeLeaf({ default: defaultValue, doc, type: 'boolean', schema, neutral: false });
}

/** Replaced as a whole by what a user gives. */
export function list<T>(
  defaultValue: readonly T[] | null,
  doc: string,
  itemSchema?: JsonSchema,
): Leaf<readonly T[]> {
  const schema = itemSchema === undefined ? { type: 'array' } : { type: 'array', items: itemSchema };
  return makeLeaf({ default: defaultValue, doc, type: 'list', schema, neutral: [] });
}

/** A map with keys of the user's choice: annotations, say. Merged with what a user gives. */
export function map<T>(
  defaultValue: Readonly<Record<string, T>> | null,
  doc: string,
  valueSchema?: JsonSchema,
): Leaf<Readonly<Record<string, T>>> {
  const schema =
    valueSchema === undefined ? { type: 'object' } : { type: 'object', additionalProperties: valueSchema };
  return makeLeaf({ default: defaultValue, doc, type: 'map', schema, neutral: {} });
}

/** A structure of Kubernetes that templates pass on and never look into: a security context, say. */
export function whole<T>(defaultValue: T | null, doc: string, schema?: JsonSchema): Leaf<Whole<T>> {
  const isList = Array.isArray(defaultValue);
  return makeLeaf({
    default: defaultValue,
    doc,
    type: defaultValue === null ? 'map' : typeOf(defaultValue),
    schema: schema ?? { type: isList ? 'array' : 'object' },
    neutral: isList ? [] : {},
  });
}

/** A count or a percentage; also a text of digits, which many write without quotes. */
export function intOrText(defaultValue: number | string | null, doc: string): Leaf<number | string> {
  const schema = { type: ['integer', 'string'] };
  return makeLeaf({ default: defaultValue, doc, type: 'any', schema, neutral: '' });
}

/** What a schema allows, and null. */
export function allowNull(schema: JsonSchema): JsonSchema {
  const { type, enum: choices } = schema;
  return {
    ...schema,
    ...(type === undefined ? {} : { type: [type, 'null'].flat() }),
    ...(Array.isArray(choices) ? { enum: [...choices, null] } : {}),
  };
}

/** The key may be null, which says that nothing is set: a null in a user's file takes the default away. */
export function nullable<T>(leaf: Leaf<T>): Leaf<T | null> {
  const { __type: _, ...rest } = leaf;
  return { ...rest, type: 'any', schema: allowNull(leaf.schema), neutral: null, isNullable: true };
}

/** The key is absent from values.yaml; templates see a neutral value: '', 0, false, [], {}, or null if nullable. */
export function optional<S extends SpecNode>(node: S): S {
  return { ...node, isOptional: true };
}

export function group<Fields extends SpecFields>(doc: string, fields: Fields): Group<Fields> {
  return { node: 'group', doc, fields, isOptional: false };
}
