import type { Value } from './expression.ts';

declare const WHOLE: unique symbol;

/** Marks a group of values that is referred to as one and never by its parts: a security context, say. */
export type Whole<T> = T & { readonly [WHOLE]?: never };

/** Values as templates see them: each leaf may be an expression. Lists, and maps with open keys, are leaves. */
export type Deferred<T> = T extends string | number | boolean | null | undefined
  ? Value<T>
  : T extends readonly unknown[]
    ? Value<T>
    : typeof WHOLE extends keyof T
      ? Value<T>
      : string extends keyof T
        ? Value<T>
        : { readonly [Key in keyof T]: DeferredLeaf<T[Key]> };

/** Not spread over a union: `Value<string | null>`, not `Value<string> | Value<null>`. */
type DeferredLeaf<T> = [T] extends [string | number | boolean | null | undefined] ? Value<T> : Deferred<T>;
