import { apiVersionOf, type KubeObject, type ResourceKind } from '#lib/resources';
import type { ObjectName } from './client.ts';

/** The path of a kind's collection: `/api/v1/pods`, `/apis/apps/v1/namespaces/shop/deployments`. */
export function collectionPath(kind: ResourceKind<KubeObject>, namespace?: string): string {
  const root = `${kind.group === '' ? '/api' : '/apis'}/${apiVersionOf(kind)}`;
  const isInside = kind.namespaced && namespace !== undefined;
  return `${root}${isInside ? `/namespaces/${encodeURIComponent(namespace)}` : ''}/${kind.plural}`;
}

export function objectPath(kind: ResourceKind<KubeObject>, { namespace, name }: ObjectName): string {
  return `${collectionPath(kind, namespace)}/${encodeURIComponent(name)}`;
}

/** A kind as RBAC, CRDs and kubectl name it: `pods`, `servers.policy.linkerd.io`. */
export function nameResource({ plural, group }: ResourceKind<KubeObject>): string {
  return group === '' ? plural : `${plural}.${group}`;
}
