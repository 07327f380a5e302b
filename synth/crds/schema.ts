/**
 * The words in which CRD schemas are written here. Each function gives a piece of OpenAPI v3 schema in the form that
 * Kubernetes calls structural (https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema).
 * The description comes first: it is what `kubectl explain` prints.
 */

/** A schema: the keywords of `JSONSchemaProps` (apiextensions.k8s.io/v1) that our CRDs use. */
export interface JsonSchema {
  readonly description?: string;
  readonly type?: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean';
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly enum?: readonly (string | number)[];
  readonly default?: unknown;
  readonly format?: string;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly oneOf?: readonly { readonly required: readonly string[] }[];
  readonly anyOf?: readonly { readonly type: 'integer' | 'string' }[];
  readonly 'x-kubernetes-int-or-string'?: true;
  readonly 'x-kubernetes-preserve-unknown-fields'?: true;
  readonly 'x-kubernetes-list-type'?: 'map' | 'set';
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-validations'?: readonly ValidationRule[];
}

/** A CEL expression over `self` that must hold, and what the user is told when it doesn't. */
export interface ValidationRule {
  readonly rule: string;
  readonly message: string;
}

type Keywords = Pick<
  JsonSchema,
  | 'default'
  | 'format'
  | 'pattern'
  | 'minLength'
  | 'maxLength'
  | 'minimum'
  | 'maximum'
  | 'minItems'
  | 'maxItems'
  | 'enum'
>;

/** What a value must be beyond its type. */
export interface Constraints extends Keywords {
  /** Exactly one of these properties is set. */
  readonly exactlyOneOf?: readonly string[];
  readonly rules?: readonly ValidationRule[];
  /** The list is a map by these keys of its items: no two items share them. */
  readonly mapKeys?: readonly string[];
  /** The list holds no value twice. */
  readonly isSet?: true;
}

export function string(description: string, constraints: Constraints = {}): JsonSchema {
  return { description, type: 'string', ...toKeywords(constraints) };
}

/** One of the values, which are all strings or all integers. */
export function choice(
  description: string,
  values: readonly string[] | readonly number[],
  constraints: Constraints = {},
): JsonSchema {
  const type = typeof values[0] === 'number' ? 'integer' : 'string';
  return { description, type, enum: values, ...toKeywords(constraints) };
}

export function integer(description: string, constraints: Constraints = {}): JsonSchema {
  return { description, type: 'integer', ...toKeywords(constraints) };
}

export function number(description: string, constraints: Constraints = {}): JsonSchema {
  return { description, type: 'number', ...toKeywords(constraints) };
}

export function boolean(description: string, constraints: Constraints = {}): JsonSchema {
  return { description, type: 'boolean', ...toKeywords(constraints) };
}

/** A number, or a string: the name of a port, a quantity. */
export function intOrString(description: string, constraints: Constraints = {}): JsonSchema {
  const anyOf = [{ type: 'integer' }, { type: 'string' }] as const;
  return { description, anyOf, 'x-kubernetes-int-or-string': true, ...toKeywords(constraints) };
}

/** An object whose fields the API server neither checks nor drops. */
export function preserveUnknown(description: string): JsonSchema {
  return { description, type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
}

export function array(description: string, items: JsonSchema, constraints: Constraints = {}): JsonSchema {
  return { description, type: 'array', items, ...toKeywords(constraints) };
}

export function object<const P extends Readonly<Record<string, JsonSchema>>>(
  description: string,
  properties: P,
  options: Constraints & { readonly required?: readonly (keyof P & string)[] } = {},
): JsonSchema {
  const { required, ...constraints } = options;
  return {
    description,
    type: 'object',
    properties,
    ...(required === undefined ? {} : { required }),
    ...toKeywords(constraints),
  };
}

/** How a version differs from the one before: properties it adds or redefines, those it drops, other constraints. */
export interface Amendment extends Constraints {
  readonly add?: Readonly<Record<string, JsonSchema>>;
  readonly drop?: readonly string[];
  /** All required properties, not only further ones. */
  readonly required?: readonly string[];
}

/** The schema with the difference applied; what isn't named stays. */
export function amend(schema: JsonSchema, amendment: Amendment): JsonSchema {
  const { add, drop = [], required, ...constraints } = amendment;
  const kept = Object.entries(schema.properties ?? {}).filter(([name]) => !drop.includes(name));
  const properties = { ...Object.fromEntries(kept), ...add };
  return {
    ...schema,
    ...(Object.keys(properties).length === 0 ? {} : { properties }),
    ...(required === undefined ? {} : { required }),
    ...toKeywords(constraints),
  };
}

function toKeywords(constraints: Constraints): JsonSchema {
  const { exactlyOneOf, rules, mapKeys, isSet, ...keywords } = constraints;
  return {
    ...keywords,
    ...(exactlyOneOf && { oneOf: exactlyOneOf.map((name) => ({ required: [name] })) }),
    ...(isSet && { 'x-kubernetes-list-type': 'set' as const }),
    ...(mapKeys && { 'x-kubernetes-list-type': 'map' as const, 'x-kubernetes-list-map-keys': mapKeys }),
    ...(rules && { 'x-kubernetes-validations': rules }),
  };
}
