import type { k8s } from 'cdk8s-plus-27';
import type { Tree } from '#lib/expr';
import type { Container } from '#lib/resources';

/** A container as Kubernetes 1.29 and later has it, cdk8s-plus-27 predates native sidecars; or one of lib/inject's. */
export type SidecarContainer<C> = (C & { readonly restartPolicy?: string }) | Container;

/** `IntOrString` and `Quantity`: classes around the one value that a manifest holds. */
type Unwrapped<T> = [T] extends [k8s.IntOrString]
  ? keyof T extends 'value'
    ? number | string
    : never
  : never;

/** Properties of cdk8s' typed objects as the plain data of a manifest. */
export type Plain<T> = T extends string | number | boolean | null | undefined
  ? T
  : T extends Date
    ? string
    : T extends readonly (infer Item)[]
      ? readonly Plain<Item>[]
      : [Unwrapped<T>] extends [never]
        ? PlainObject<T>
        : Unwrapped<T>;

type PlainObject<T> = T extends object
  ? 'terminationMessagePath' extends keyof T
    ? string extends keyof T
      ? PlainMap<T>
      : SidecarContainer<PlainMap<T>>
    : PlainMap<T>
  : T;

type PlainMap<T> = { readonly [Key in keyof T]: Plain<T[Key]> };

/** A kind of Kubernetes' own: one of cdk8s-plus' generated classes, `k8s.KubeDeployment` and the like. */
export interface KubeKind {
  readonly GVK: { readonly apiVersion: string; readonly kind: string };
  manifest(props: never): unknown;
}

/** A kind of a custom resource, or a version that cdk8s-plus doesn't know. */
export interface CustomKind {
  readonly apiVersion: string;
  readonly kind: string;
}

type PropsOf<K> = K extends { manifest(props?: infer Props): unknown } ? NonNullable<Props> : never;

/** What is to be said of an object of a kind, with expressions and control parts in it. */
export type TreeOf<K extends KubeKind | CustomKind> = K extends KubeKind
  ? Tree<Plain<PropsOf<K>>>
  : Readonly<Record<string, unknown>>;
