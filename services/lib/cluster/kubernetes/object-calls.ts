import { apiVersionOf, type KubeObject, type ResourceKind } from '#lib/resources';
import type { KubernetesClient, ListOptions, ObjectName } from './client.ts';
import { hasStatus } from './error.ts';
import { listPages } from './list-pages.ts';
import { collectionPath, objectPath } from './resource-path.ts';

/** The calls of a client that concern one object or one kind. */
type ObjectCalls = Pick<KubernetesClient, 'get' | 'list' | 'create' | 'apply' | 'update' | 'delete'>;

export function createObjectCalls(request: KubernetesClient['request']): ObjectCalls {
  return {
    get: <T extends KubeObject>(kind: ResourceKind<T>, name: ObjectName) =>
      orAbsent(request<T>({ method: 'GET', path: objectPath(kind, name) })),
    async list<T extends KubeObject>(kind: ResourceKind<T>, options: ListOptions = {}) {
      const { namespace, ...query } = options;
      const identity = { apiVersion: apiVersionOf(kind), kind: kind.kind };
      const path = collectionPath(kind, namespace);
      const name = (item: T): T => ({ ...identity, ...item });
      return (await listPages(request, { path, query }, name)).items;
    },
    create: (kind, object) =>
      request({ method: 'POST', path: collectionPath(kind, object.metadata.namespace), body: object }),
    apply: (kind, object, { fieldManager, force = false }) =>
      request({
        method: 'PATCH',
        path: objectPath(kind, object.metadata),
        query: { fieldManager, force },
        contentType: 'application/apply-patch+yaml',
        body: object,
      }),
    update: (kind, object) =>
      request({ method: 'PUT', path: objectPath(kind, object.metadata), body: object }),
    async delete(kind, name) {
      await orAbsent(request({ method: 'DELETE', path: objectPath(kind, name) }));
    },
  };
}

async function orAbsent<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (hasStatus(error, 404)) return undefined;
    throw error;
  }
}
