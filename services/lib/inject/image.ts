import type { ImageValues, InjectValues, ResourcesValues } from './values.ts';

/** The image fields of a container, with the mesh's version and pull policy where the image has none. */
export function buildImage(
  values: InjectValues,
  image: ImageValues,
): { image: string; imagePullPolicy: string } {
  const version = image.version === '' ? values.linkerdVersion : image.version;
  const imagePullPolicy = image.pullPolicy === '' ? values.imagePullPolicy : image.pullPolicy;
  return { image: `${image.name}:${version}`, imagePullPolicy };
}

/** A container's `resources`, as a property to spread: nothing when no quantity is given. */
export function buildResources(resources: ResourcesValues): {
  resources?: Record<string, Record<string, string>>;
} {
  const limits = pickQuantities(resources, 'limit');
  const requests = pickQuantities(resources, 'request');
  if (limits === undefined && requests === undefined) return {};
  return { resources: { ...(limits && { limits }), ...(requests && { requests }) } };
}

function pickQuantities(
  resources: ResourcesValues,
  field: 'limit' | 'request',
): Record<string, string> | undefined {
  const given = Object.entries(resources).filter(([, quantity]) => quantity[field] !== '');
  if (given.length === 0) return undefined;
  return Object.fromEntries(given.map(([name, quantity]) => [name, quantity[field]]));
}
