import { Expr, type ExprType, isExpr, type Operation, toNode, typeOf, type Value } from './expression.ts';
import { FOLD, isEmpty } from './fold.ts';

type Scalar = string | number | boolean | null | undefined;

/** Computes where all arguments are known, and says what is to be computed where one is not. */
function apply<T>(op: Operation, args: readonly unknown[], type: ExprType): Value<T> {
  if (!args.some(isExpr)) return FOLD[op](args) as T;
  return new Expr<T>({ op, type, args: args.map(toNode) });
}

/** Text with values in it: text`${name}.${namespace}.svc`. An absent value leaves nothing. */
export function text(strings: TemplateStringsArray, ...values: readonly Value<Scalar>[]): Value<string> {
  const parts = strings.flatMap((string, i): unknown[] =>
    i < values.length ? [string, values[i]] : [string],
  );
  const kept = parts.filter((part) => part !== '');
  const [only] = kept;
  return kept.length === 1 && isExpr(only) && only.type === 'string'
    ? (only as Expr<string>)
    : apply('text', kept, 'string');
}

export function eq<T extends Scalar>(a: Value<T>, b: NoInfer<T>): Value<boolean> {
  return apply('eq', [a, b], 'boolean');
}

/** a ≥ b. */
export function atLeast(a: Value<number>, b: number): Value<boolean> {
  return apply('atLeast', [a, b], 'boolean');
}

export function not(condition: Value<boolean>): Value<boolean> {
  return apply('not', [condition], 'boolean');
}

/** What is known already drops out. */
export function and(...conditions: readonly Value<boolean>[]): Value<boolean> {
  if (conditions.some((condition) => condition === false)) return false;
  const open = conditions.filter(isExpr);
  const [first] = open;
  if (first === undefined) return true;
  return open.length === 1 ? (first as Expr<boolean>) : apply('and', open, 'boolean');
}

export function or(...conditions: readonly Value<boolean>[]): Value<boolean> {
  if (conditions.some((condition) => condition === true)) return true;
  const open = conditions.filter(isExpr);
  const [first] = open;
  if (first === undefined) return false;
  return open.length === 1 ? (first as Expr<boolean>) : apply('or', open, 'boolean');
}

/** True unless it is absent, null, false, 0, or an empty text, list or map: what a template takes for true. */
export function isSet(value: Value<unknown>): Value<boolean> {
  if (isExpr(value) && value.type === 'boolean') return value as Expr<boolean>;
  return apply('isSet', [value], 'boolean');
}

export function choose<A, B = A>(condition: Value<boolean>, yes: Value<A>, no: Value<B>): Value<A | B> {
  if (!isExpr(condition)) return condition ? yes : no;
  const types = [typeOf(yes), typeOf(no)] as const;
  return apply<A | B>('choose', [condition, yes, no], types[0] === types[1] ? types[0] : 'any');
}

/** The value, or `fallback` where it is empty (`isSet`). */
export function defaultTo<T>(value: Value<T | null | undefined>, fallback: Value<T>): Value<T> {
  if (!isExpr(value)) return isEmpty(value) ? fallback : (value as T);
  return apply<T>('defaultTo', [value, fallback], value.type === 'any' ? typeOf(fallback) : value.type);
}

/** What a map holds under a key: of an item of a loop, say. Null where the key is absent. */
export function fieldOf<T, Key extends keyof T & string>(
  map: Value<T>,
  key: Key,
  type: ExprType = 'any',
): Value<T[Key] | null> {
  return apply('fieldOf', [map, key], type);
}

/** Items without a value are left out. */
export function joinText(separator: string, list: Value<readonly Scalar[]>): Value<string> {
  return apply('joinText', [separator, list], 'string');
}

/** Each entry of a map as `key` + `between` + `value` + `after`, in the order of the keys. */
export function joinEntries(
  map: Value<Readonly<Record<string, Scalar>> | null | undefined>,
  { between, after }: { readonly between: string; readonly after: string },
): Value<string> {
  return apply('joinEntries', [map, between, after], 'string');
}

/** Without white space at both ends. */
export function trim(value: Value<string>): Value<string> {
  return apply('trim', [value], 'string');
}

/** A number as it is written, a text as it is. Zero, which is empty as templates have it, gives nothing. */
export function spelled(value: Value<string | number | null | undefined>): Value<string> {
  return apply('spelled', [value], 'string');
}

/** `keepAliveInterval` → `KEEP_ALIVE_INTERVAL`. */
export function upperSnake(value: Value<string>): Value<string> {
  return apply('upperSnake', [value], 'string');
}

/** In hexadecimal. */
export function sha256(value: Value<string>): Value<string> {
  return apply('sha256', [value], 'string');
}

export function base64(value: Value<string>): Value<string> {
  return apply('base64', [value], 'string');
}

/** A map as the text of a YAML document: in both modes the same data, not the same bytes. */
export function yamlText(value: Value<Readonly<Record<string, unknown>>>): Value<string> {
  return apply('yamlText', [value], 'string');
}

/** A value as JSON on one line, with sorted keys. The same bytes in both modes, so that it may be hashed. */
export function jsonText(value: Value<unknown>): Value<string> {
  return apply('jsonText', [value], 'string');
}

type AnyMap<T = unknown> = Readonly<Record<string, T>>;

/** Of values that may be expressions one map, which may then be merged with others. */
export function mapOf<T>(entries: AnyMap<Value<T>>): Value<AnyMap<T>> {
  return apply('mapOf', Object.entries(entries).flat(), 'map');
}

/** Later maps win; maps within them are merged likewise. */
export function mergeMaps<T>(...maps: readonly Value<AnyMap<T>>[]): Value<AnyMap<T>> {
  return apply('mergeMaps', maps, 'map');
}

export function omitKeys<T>(map: Value<AnyMap<T>>, keys: readonly string[]): Value<AnyMap<T>> {
  return apply('omitKeys', [map, ...keys], 'map');
}

/** A map without what stands at a path in it: ['issuer', 'tls', 'keyPEM']. All maps on the path have to be there. */
export function omitPath(map: Value<AnyMap>, path: readonly string[]): Value<AnyMap> {
  return apply('omitPath', [map, ...path], 'map');
}

/** The value; rendering fails with `message` where it is absent, null or an empty text. */
export function required<T>(message: string, value: Value<T>): Value<T> {
  return apply('required', [message, value], typeOf(value));
}
