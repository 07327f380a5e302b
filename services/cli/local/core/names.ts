import { createHash, randomInt } from 'node:crypto';

/** The namespace of the control plane. */
export const CONTROL_PLANE_NAMESPACE = 'linkerd';

/** The letters of Kubernetes' generated names: no vowels, no look-alikes. */
const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';

/** A name of `length` letters that depends on `value` alone. */
export function hashName(value: unknown, length: number): string {
  const digest = createHash('sha256').update(stringifySorted(value)).digest();
  return Array.from(digest.subarray(0, length), (byte) => ALPHABET[byte % ALPHABET.length]).join('');
}

export function randomName(length: number): string {
  return Array.from({ length }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
}

/** JSON with sorted keys: equal values, equal text. */
export function stringifySorted(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
  });
}

/** The network namespace that holds the node's routes and the cluster IPs. */
export function nodeNetnsName(instance: string): string {
  return `l5d-${instance}`;
}

/** A pod's network namespace. No Kubernetes name has an underscore, so the parts cannot run together. */
export function podNetnsName(instance: string, pod: { namespace: string; name: string }): string {
  const name = `l5d-${instance}_${pod.namespace}_${pod.name}`;
  // A namespace is a file: names over 255 bytes are cut, and the hash keeps them apart.
  return name.length <= 200 ? name : `${name.slice(0, 180)}_${hashName(name, 10)}`;
}

/** True for the namespaces of this instance, and of no other whose name begins the same. */
export function isNetnsOf(instance: string, netns: string): boolean {
  return netns === nodeNetnsName(instance) || netns.startsWith(`l5d-${instance}_`);
}

/** The host's end of the link to the node; an interface name has at most 15 letters. */
export function hostLinkName(instance: string): string {
  return instance.length <= 11 ? `l5d-${instance}` : `l5d-${hashName(instance, 11)}`;
}

/** The node's end of a pod's link, named after the pod's address. */
export function podLinkName(podIp: string): string {
  return `p${podIp
    .split('.')
    .map((byte) => Number(byte).toString(16).padStart(2, '0'))
    .join('')}`;
}

/** `ns/name`, or the name alone for what belongs to no namespace. */
export function keyOf(object: { metadata: { namespace?: string; name: string } }): string {
  const { namespace, name } = object.metadata;
  return namespace === undefined ? name : `${namespace}/${name}`;
}
