import type { Value } from './expression.ts';

declare const WHOLE: unique symbol;

/** Marks a group of values that is referred to as one and never by its parts: a security context, say. */
export type Whole<T> = T & { readonly [WHOLE]?: never };

type Scalar = string | number | boolean | null | undefined;
type Absent = null | undefined;

/**
 * Values as templates see them: each leaf may be an expression. Lists, and maps with open keys, are leaves. A group
 * that may be absent stays one: it is known whether it is there, and its leaves are deferred.
 */
export type Deferred<T> = [T] extends [Scalar]
  ? Value<T>
  : IsGroup<Exclude<T, Absent>> extends true
    ? { readonly [Key in keyof Exclude<T, Absent>]: Deferred<Exclude<T, Absent>[Key]> } | Extract<T, Absent>
    : Value<T>;

/** Not spread over a union: `Value<string | null>`, not `Value<string> | Value<null>`. */
type IsGroup<T> = [T] extends [Scalar | readonly unknown[]]
  ? false
  : typeof WHOLE extends keyof T
    ? false
    : string extends keyof T
      ? false
      : true;
