import type { Endpoint } from './selection.ts';

/** What to tell a client that knows one set of endpoints and should know another. */
export interface EndpointUpdate {
  /** New ones, and those that have changed. */
  readonly add: readonly Endpoint[];
  readonly remove: readonly Endpoint[];
  /** Labels of every added endpoint. */
  readonly labels: Readonly<Record<string, string>>;
}

type Endpoints = ReadonlyMap<string, Endpoint>;

/** Both sets by `ip:port`. Equal addresses must be identical objects, as computeAddressSet leaves them. */
export function diffEndpoints(before: Endpoints, after: Endpoints): Pick<EndpointUpdate, 'add' | 'remove'> {
  const add = [...after].filter(([key, endpoint]) => !isSame(before.get(key), endpoint));
  const remove = [...before].filter(([key]) => !after.has(key));
  return { add: add.map(([, endpoint]) => endpoint), remove: remove.map(([, endpoint]) => endpoint) };
}

function isSame(a: Endpoint | undefined, b: Endpoint): boolean {
  return a?.address === b.address && a.locality === b.locality && a.weight === b.weight;
}
