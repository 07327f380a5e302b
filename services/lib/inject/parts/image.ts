import { type Deferred, defaultTo, isSet, or, type Tree, text, type Value, when } from '#lib/expr';
import type { ImageValues, InjectValues, ResourcesValues } from '../values.ts';

/** The image fields of a container, with the mesh's version and pull policy where the image has none. */
export function buildImage(
  values: Deferred<InjectValues>,
  image: Deferred<ImageValues>,
): { readonly image: Value<string>; readonly imagePullPolicy: Value<string> } {
  return {
    image: text`${image.name}:${defaultTo(image.version, values.linkerdVersion)}`,
    imagePullPolicy: defaultTo(image.pullPolicy, values.imagePullPolicy),
  };
}

type Quantities = Readonly<Record<string, string>>;

const RESOURCES = ['cpu', 'memory', 'ephemeral-storage'] as const;

/** A container's `resources`; nothing when no quantity is given. */
export function buildResources(resources: Deferred<ResourcesValues>): Tree<unknown> {
  const limits = pickQuantities(resources, 'limit');
  const requests = pickQuantities(resources, 'request');
  return when(or(limits.isAny, requests.isAny), {
    limits: when(limits.isAny, limits.quantities),
    requests: when(requests.isAny, requests.quantities),
  });
}

function pickQuantities(
  resources: Deferred<ResourcesValues>,
  field: 'limit' | 'request',
): { readonly isAny: Value<boolean>; readonly quantities: Tree<Quantities> } {
  const given = RESOURCES.map((name) => [name, resources[name][field]] as const);
  return {
    isAny: or(...given.map(([, quantity]) => isSet(quantity))),
    quantities: Object.fromEntries(given.map(([name, quantity]) => [name, when(isSet(quantity), quantity)])),
  };
}
