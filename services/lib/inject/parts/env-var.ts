import { isSet, type ListPart, type Tree, text, type Value, when } from '#lib/expr';
import type { EnvVar } from '#lib/resources';
import { ENV_PREFIX } from '../../../proxy/contract.ts';

type Scalar = string | number | boolean | null | undefined;

/** A variable of the proxy, named without its prefix. */
export function set(name: string, value: Value<Scalar>): Tree<EnvVar> {
  return { name: ENV_PREFIX + name, value: text`${value}` };
}

/** The variable, if its value is not empty. */
export function setIfAny(name: string, value: Value<Scalar>): ListPart<EnvVar> {
  return when(isSet(value), set(name, value));
}

/** A variable that Kubernetes fills from a field of the pod. */
export function fromField(name: string, fieldPath: string): Tree<EnvVar> {
  return { name, valueFrom: { fieldRef: { fieldPath } } };
}
