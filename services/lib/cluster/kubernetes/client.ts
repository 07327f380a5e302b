import type { KubeObject, ResourceKind } from '#lib/resources';

/** A Kubernetes API server, with whose eyes we see it already settled. All calls reject with a KubernetesError. */
export interface KubernetesClient {
  /** One request; the answer parsed from JSON. The path begins with `/`; a body is sent as JSON. */
  request<T>(request: KubernetesRequest): Promise<T>;
  /** Undefined where there is no such object. */
  get<T extends KubeObject>(kind: ResourceKind<T>, name: ObjectName): Promise<T | undefined>;
  /** Every object, page by page. */
  list<T extends KubeObject>(kind: ResourceKind<T>, options?: ListOptions): Promise<readonly T[]>;
  create<T extends KubeObject>(kind: ResourceKind<T>, object: T): Promise<T>;
  /** Server-side apply: `object` holds just the fields that `fieldManager` owns. Takes fields over with `force`. */
  apply<T extends KubeObject>(kind: ResourceKind<T>, object: KubeObject, options: ApplyOptions): Promise<T>;
  /** Replaces the object; a stale `resourceVersion` in it is a conflict (409). */
  update<T extends KubeObject>(kind: ResourceKind<T>, object: T): Promise<T>;
  /** Nothing happens where there is no such object. */
  delete(kind: ResourceKind<KubeObject>, name: ObjectName): Promise<void>;
  /** A GET whose answer goes on: its lines as they come, once its head has come and is good. */
  openLines(request: LinesRequest): Promise<AsyncIterable<string>>;
  /** Ends what is under way; every later call is refused. */
  close(): void;
}

export interface KubernetesRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean>>;
  readonly body?: unknown;
  /** @default application/json */
  readonly contentType?: string;
  /** @default application/json */
  readonly accept?: string;
  /** Waiting for the limit and trying again included. @default 30 000 */
  readonly timeoutMs?: number;
  /**
   * Asking twice does no harm: a request that got no answer, or 5xx, is sent again. 429 always is.
   * @default true for all but POST
   */
  readonly isRepeatable?: boolean;
  /** Ends the call. */
  readonly signal?: AbortSignal;
}

export interface LinesRequest {
  readonly path: string;
  readonly query?: KubernetesRequest['query'];
  readonly accept?: string;
  /** Ends the reading: the iteration rejects. */
  readonly signal: AbortSignal;
  /** How long the head may take. @default 30 000 */
  readonly timeoutMs?: number;
  /** The iteration rejects where nothing comes for so long. @default never */
  readonly silentMs?: number;
}

export interface ListOptions {
  /** Every namespace where it is left out. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

export interface ObjectName {
  /** Left out for objects of the cluster. */
  readonly namespace?: string;
  readonly name: string;
}

export interface ApplyOptions {
  readonly fieldManager: string;
  /** @default false: a conflict with another manager is refused (409) */
  readonly force?: boolean;
}
