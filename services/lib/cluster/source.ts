import type { KubeObject, ResourceKind } from '#lib/resources';

/**
 * Where cluster state comes from (design D5): a Kubernetes API or a directory of manifests. Controllers see
 * only this interface and do not know which one they have.
 */
export interface ClusterSource {
  /** The store of one kind, the same one at every call. Ask for all kinds before `start`. */
  store<T extends KubeObject>(kind: ResourceKind<T>): Store<T>;
  /** Starts watching; resolves when every store has had its first list. Rejects with a MeshError. */
  start(): Promise<void>;
  close(): Promise<void>;
}

/** The last known objects of one kind. Objects are immutable: a change brings a new one. */
export interface Store<T extends KubeObject> {
  readonly kind: ResourceKind<T>;
  /** True once the first list has been read. */
  readonly synced: boolean;
  get(namespace: string, name: string): T | undefined;
  /** Every object, or those of one namespace. */
  list(namespace?: string): readonly T[];
  /** Calls `listener` for every later change, after the store holds it; returns what ends the subscription. */
  subscribe(listener: (change: StoreChange<T>) => void): () => void;
}

export type StoreChange<T extends KubeObject> =
  | { readonly type: 'added'; readonly object: T }
  | { readonly type: 'modified'; readonly object: T; readonly previous: T }
  | { readonly type: 'deleted'; readonly object: T };
