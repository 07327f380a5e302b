import { randomUUID } from 'node:crypto';
import type { ServedKind } from './api-kinds.ts';
import type { ApiObjects, WireObject } from './api-objects.ts';
import { ApiRefusal, type ApiRequest, type ResourceTarget } from './api-request.ts';
import { mergeApplied, mergePatch } from './merge.ts';

/** What a request for a served kind is about. */
export interface CollectionCall {
  readonly kind: ServedKind;
  /** `plural.group`. */
  readonly resource: string;
  readonly target: ResourceTarget;
  readonly request: ApiRequest;
}

export interface Answered {
  readonly status: number;
  readonly body: unknown;
}

/** Everything but watches: get, list, create, replace, patch, delete. */
export interface Collections {
  answer(call: CollectionCall): Answered;
}

export function createCollections(objects: ApiObjects): Collections {
  const pages = createPages(objects);
  return {
    answer(call) {
      const { method } = call.request;
      if (call.target.name === undefined) {
        if (method === 'GET') return { status: 200, body: pages.list(call) };
        if (method === 'POST') return { status: 201, body: create(objects, call) };
      } else {
        if (method === 'GET') return { status: 200, body: find(objects, call) };
        if (method === 'PUT') return { status: 200, body: replace(objects, call) };
        if (method === 'PATCH') return patch(objects, call);
        if (method === 'DELETE') return { status: 200, body: remove(objects, call) };
      }
      throw new ApiRefusal(405, 'MethodNotAllowed', `${method} is not allowed here`);
    },
  };
}

/** Whether an object is among those that a list or watch asks for. */
export function isSelected(object: WireObject, { target, request }: CollectionCall): boolean {
  if (target.namespace !== undefined && object.metadata.namespace !== target.namespace) return false;
  const { labelSelector = '', fieldSelector = '' } = request.query;
  const labels = (object.metadata['labels'] ?? {}) as Readonly<Record<string, string>>;
  return (
    splitSelector(labelSelector).every((term) => isTermMet(term, (key) => labels[key])) &&
    splitSelector(fieldSelector).every((term) => isTermMet(term, (path) => readField(object, path)))
  );
}

function splitSelector(selector: string): readonly string[] {
  return selector.split(',').filter((term) => term !== '');
}

/** `key`, `!key`, `key=value`, `key==value`, `key!=value`. */
function isTermMet(term: string, read: (key: string) => string | undefined): boolean {
  const match = /^(!?)([^!=]+)(?:(!=|==?)(.*))?$/.exec(term);
  const [, not, key = '', operator, value] = match ?? [];
  if (operator === undefined) return (read(key) === undefined) === (not === '!');
  return (read(key) === value) === (operator !== '!=');
}

function readField(object: unknown, path: string): string | undefined {
  const value = path
    .split('.')
    .reduce<unknown>((at, field) => (at as Record<string, unknown> | undefined)?.[field], object);
  return value === undefined ? undefined : String(value);
}

/** As the client wants it: whole, or its metadata alone. */
export function presentObject(object: WireObject, { request }: CollectionCall): unknown {
  if (!request.headers.accept?.includes('as=PartialObjectMetadata')) return object;
  return { apiVersion: 'meta.k8s.io/v1', kind: 'PartialObjectMetadata', metadata: object.metadata };
}

/** Lists by pages that all show one moment. */
function createPages(objects: ApiObjects) {
  const rests = new Map<string, { readonly items: readonly WireObject[]; readonly version: string }>();
  return {
    list(call: CollectionCall): unknown {
      const { limit, continue: token } = call.request.query;
      const rest = token === undefined ? undefined : rests.get(token);
      if (token !== undefined && rest === undefined) {
        throw new ApiRefusal(410, 'Expired', 'The provided continue parameter is too old');
      }
      const items = rest?.items ?? objects.list(call.resource).filter((object) => isSelected(object, call));
      const version = rest?.version ?? String(objects.version);
      const size = Number(limit ?? 0) || items.length;
      const metadata: Record<string, string> = { resourceVersion: version };
      if (items.length > size) {
        metadata['continue'] = randomUUID();
        rests.set(metadata['continue'], { items: items.slice(size), version });
      }
      return {
        apiVersion: `${call.target.group === '' ? '' : `${call.target.group}/`}${call.target.version}`,
        kind: `${call.kind.kind}List`,
        metadata,
        items: items.slice(0, size).map((object) => withoutType(presentObject(object, call))),
      };
    },
  };
}

/** The API leaves out of a list's items what the list itself says. */
function withoutType(object: unknown): unknown {
  const { apiVersion, kind, ...rest } = object as Record<string, unknown>;
  return rest;
}

function find(objects: ApiObjects, { resource, target }: CollectionCall): WireObject {
  const object = objects.get(resource, target.namespace ?? '', target.name ?? '');
  if (object !== undefined) return object;
  throw new ApiRefusal(404, 'NotFound', `${resource} "${target.name}" not found`);
}

function create(objects: ApiObjects, { resource, target, request, kind }: CollectionCall): WireObject {
  const body = request.body as WireObject;
  if (kind.namespaced && target.namespace === undefined) {
    throw new ApiRefusal(405, 'MethodNotAllowed', 'an object of a namespace is created in one');
  }
  const generateName = body.metadata['generateName'];
  const name = body.metadata.name ?? `${String(generateName)}${randomUUID().slice(0, 5)}`;
  if (objects.get(resource, target.namespace ?? '', name) !== undefined) {
    throw new ApiRefusal(409, 'AlreadyExists', `${resource} "${name}" already exists`);
  }
  return objects.put(resource, placeObject(body, target, name));
}

function replace(objects: ApiObjects, call: CollectionCall): WireObject {
  const current = find(objects, call);
  const body = call.request.body as WireObject;
  checkVersion(current, body, call);
  return objects.put(call.resource, placeObject(body, call.target, current.metadata.name));
}

function patch(objects: ApiObjects, call: CollectionCall): Answered {
  const { resource, target, request } = call;
  const type = request.headers['content-type'] ?? '';
  const merge = type.includes('merge-patch+json') && !type.includes('strategic') ? mergePatch : mergeApplied;
  const isApply = type.includes('apply-patch');
  if (isApply && request.query['fieldManager'] === undefined) {
    throw new ApiRefusal(400, 'BadRequest', 'fieldManager is required for apply patch');
  }
  const current = objects.get(resource, target.namespace ?? '', target.name ?? '');
  if (current === undefined && !isApply) find(objects, call);
  if (current !== undefined) checkVersion(current, request.body as WireObject, call);
  const merged = merge(current, request.body) as WireObject;
  const object = objects.put(resource, placeObject(merged, target, target.name ?? ''));
  return { status: current === undefined ? 201 : 200, body: object };
}

function remove(objects: ApiObjects, call: CollectionCall): unknown {
  const current = find(objects, call);
  const { preconditions } = (call.request.body ?? {}) as { preconditions?: Record<string, string> };
  if (preconditions !== undefined) checkVersion(current, { metadata: preconditions } as never, call);
  objects.remove(call.resource, call.target.namespace ?? '', current.metadata.name);
  return { apiVersion: 'v1', kind: 'Status', metadata: {}, status: 'Success' };
}

function checkVersion(current: WireObject, { metadata }: WireObject, { resource }: CollectionCall): void {
  const { resourceVersion, uid } = metadata ?? {};
  const isStale = resourceVersion !== undefined && resourceVersion !== current.metadata.resourceVersion;
  if (!isStale && (uid === undefined || uid === current.metadata.uid)) return;
  throw new ApiRefusal(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${resource} "${current.metadata.name}": the object has been modified; please apply your changes to the latest version and try again`,
  );
}

function placeObject(body: WireObject, { namespace }: ResourceTarget, name: string): WireObject {
  return { ...body, metadata: { ...body.metadata, ...(namespace !== undefined && { namespace }), name } };
}
