import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';

/** An object as it stands on the wire. */
export interface WireObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Readonly<Record<string, unknown>> & {
    readonly name: string;
    readonly namespace?: string;
    readonly resourceVersion?: string;
    readonly uid?: string;
  };
}

export interface ApiEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly resource: string;
  readonly version: number;
  readonly object: WireObject;
}

/** The objects of a fake API server, with the events that brought them. A resource is `plural.group`. */
export interface ApiObjects {
  /** The version of the newest change. */
  readonly version: number;
  /** Versions before this one are forgotten: a watch from there is answered with 410. */
  readonly oldestVersion: number;
  get(resource: string, namespace: string, name: string): WireObject | undefined;
  list(resource: string): readonly WireObject[];
  /** Creates or replaces; returns the object as it now is. An equal one changes nothing. */
  put(resource: string, object: WireObject): WireObject;
  remove(resource: string, namespace: string, name: string): WireObject | undefined;
  eventsSince(version: number): readonly ApiEvent[];
  subscribe(listener: (event: ApiEvent) => void): () => void;
  /** Forgets the events so far. */
  compact(): void;
  /** While true, changes happen without an event. */
  isSilent: boolean;
}

export function createApiObjects(): ApiObjects {
  const objects = new Map<string, Map<string, WireObject>>();
  const listeners = new Set<(event: ApiEvent) => void>();
  let events: ApiEvent[] = [];
  // Real versions are large; a gap shows who counts for himself.
  let version = 1000;
  const ofResource = (resource: string) => {
    const known = objects.get(resource) ?? new Map<string, WireObject>();
    objects.set(resource, known);
    return known;
  };
  const tell = (event: ApiEvent) => {
    if (store.isSilent) return;
    events.push(event);
    for (const listener of [...listeners]) listener(event);
  };
  const store = {
    isSilent: false,
    oldestVersion: 0,
    get version() {
      return version;
    },
    get: (resource: string, namespace: string, name: string) =>
      ofResource(resource).get(`${namespace}/${name}`),
    list: (resource: string) =>
      [...ofResource(resource)].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, object]) => object),
    put(resource: string, object: WireObject) {
      const known = ofResource(resource);
      const key = `${object.metadata.namespace ?? ''}/${object.metadata.name}`;
      const previous = known.get(key);
      if (previous !== undefined && isEqual(previous, object)) return previous;
      version += 1;
      const next = stamp(object, previous, version);
      known.set(key, next);
      tell({ type: previous === undefined ? 'ADDED' : 'MODIFIED', resource, version, object: next });
      return next;
    },
    remove(resource: string, namespace: string, name: string) {
      const previous = ofResource(resource).get(`${namespace}/${name}`);
      if (previous === undefined) return undefined;
      ofResource(resource).delete(`${namespace}/${name}`);
      version += 1;
      const object = { ...previous, metadata: { ...previous.metadata, resourceVersion: String(version) } };
      tell({ type: 'DELETED', resource, version, object });
      return object;
    },
    eventsSince: (since: number) => events.filter((event) => event.version > since),
    subscribe(listener: (event: ApiEvent) => void) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    compact() {
      version += 1;
      store.oldestVersion = version;
      events = [];
    },
  };
  return store;
}

/** What the server itself writes into an object. */
function stamp(object: WireObject, previous: WireObject | undefined, version: number): WireObject {
  const now = new Date().toISOString();
  const old = previous?.metadata;
  return {
    ...object,
    metadata: {
      ...object.metadata,
      uid: old?.uid ?? object.metadata.uid ?? randomUUID(),
      creationTimestamp:
        old?.['creationTimestamp'] ?? object.metadata['creationTimestamp'] ?? now.replace(/\.\d+Z/, 'Z'),
      resourceVersion: String(version),
      managedFields: [{ manager: 'fake', operation: 'Update', apiVersion: object.apiVersion, time: now }],
    },
  };
}

function isEqual(previous: WireObject, next: WireObject): boolean {
  const strip = ({ metadata, ...rest }: WireObject, { metadata: known }: WireObject) => {
    const { resourceVersion, managedFields, ...own } = metadata;
    return { ...rest, metadata: { uid: known.uid, creationTimestamp: known['creationTimestamp'], ...own } };
  };
  return isDeepStrictEqual(strip(previous, previous), strip(next, previous));
}
