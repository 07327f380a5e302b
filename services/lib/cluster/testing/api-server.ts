import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { KubeObject, ResourceKind } from '#lib/resources';
import type { KubernetesConnection } from '../connection/connection.ts';
import { nameResource } from '../kubernetes/resource-path.ts';
import { type CollectionCall, type Collections, createCollections } from './api-collections.ts';
import { createFaults, type Faults } from './api-faults.ts';
import { BUILT_IN_KINDS, type ServedKind } from './api-kinds.ts';
import { type ApiObjects, createApiObjects, type WireObject } from './api-objects.ts';
import {
  ApiRefusal,
  type ApiRequest,
  buildStatus,
  parseTarget,
  type ResourceTarget,
  readApiRequest,
  sendJson,
} from './api-request.ts';
import { createReviews, type Reviews } from './api-reviews.ts';
import { createWatches, type Watches } from './api-watches.ts';

/** A Kubernetes API server, faked at the wire: HTTP on loopback, as much of the API as our programs use. */
export interface FakeApiServer {
  /** `http://127.0.0.1:PORT`; the port outlives a restart. */
  readonly url: string;
  readonly connection: KubernetesConnection;
  /** Everything that was asked, in order. */
  readonly requests: readonly ApiRequest[];
  readonly faults: Faults;
  readonly watches: Watches;
  readonly reviews: Reviews;
  /** What requests have to carry as `Bearer …`; undefined: anything goes. */
  token: string | undefined;
  /** Adds kinds, as a CRD does. */
  serve(...kinds: readonly ServedKind[]): void;
  /** Takes a kind away: 404, and its watches end. */
  withdraw(kind: ServedKind): void;
  /** Refuses every request for a kind with 403, until `allow`. */
  forbid(kind: ServedKind): void;
  allow(kind: ServedKind): void;
  /** Creates or replaces objects as somebody else would. Their kinds have to be served. */
  put(...objects: readonly KubeObject[]): void;
  get<T extends KubeObject>(kind: ResourceKind<T>, namespace: string, name: string): T | undefined;
  list<T extends KubeObject>(kind: ResourceKind<T>): readonly T[];
  remove(kind: ServedKind, namespace: string, name: string): void;
  /** While true, changes happen and no watch is told, then or later. */
  dropEvents(isDropping: boolean): void;
  /** Forgets old versions: watches that resume from before are answered with 410. */
  compact(): void;
  /** Breaks every connection and refuses new ones. */
  stop(): Promise<void>;
  /** Listens again on the same port, with the objects that there were. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

export interface FakeApiServerOptions {
  /** Beside the built-in ones. */
  readonly kinds?: readonly ServedKind[];
}

/** Starts one. Built-in kinds are served; CRDs are named in `kinds` or come with `serve`. */
export async function startFakeApiServer(options: FakeApiServerOptions = {}): Promise<FakeApiServer> {
  const parts = createParts();
  for (const kind of [...BUILT_IN_KINDS, ...(options.kinds ?? [])]) parts.kinds.set(resourceOf(kind), kind);
  const listener = createListener((request, response) => void answer(parts, request, response));
  const url = `http://127.0.0.1:${await listener.start()}`;
  return {
    url,
    connection: createConnection(url, parts),
    requests: parts.requests,
    faults: parts.faults,
    watches: parts.watches,
    reviews: parts.reviews,
    get token() {
      return parts.token;
    },
    set token(token) {
      parts.token = token;
    },
    ...createLevers(parts),
    stop: listener.stop,
    restart: async () => void (await listener.start()),
    close: listener.stop,
  };
}

interface Parts {
  readonly objects: ApiObjects;
  readonly collections: Collections;
  readonly watches: Watches;
  readonly reviews: Reviews;
  readonly faults: Faults;
  readonly kinds: Map<string, ServedKind>;
  readonly forbidden: Set<string>;
  readonly requests: ApiRequest[];
  token: string | undefined;
}

function createParts(): Parts {
  const objects = createApiObjects();
  return {
    objects,
    collections: createCollections(objects),
    watches: createWatches(objects),
    reviews: createReviews(),
    faults: createFaults(),
    kinds: new Map(),
    forbidden: new Set(),
    requests: [],
    token: undefined,
  };
}

type Levers = Pick<
  FakeApiServer,
  'serve' | 'withdraw' | 'forbid' | 'allow' | 'put' | 'get' | 'list' | 'remove' | 'dropEvents' | 'compact'
>;

function createLevers({ objects, kinds, forbidden, watches }: Parts): Levers {
  return {
    serve(...added) {
      for (const kind of added) kinds.set(resourceOf(kind), kind);
    },
    withdraw(kind) {
      kinds.delete(resourceOf(kind));
      watches.cut({ resource: resourceOf(kind) });
    },
    forbid: (kind) => void forbidden.add(resourceOf(kind)),
    allow: (kind) => void forbidden.delete(resourceOf(kind)),
    put(...added) {
      for (const object of added) objects.put(resourceOfObject(kinds, object), object as never as WireObject);
    },
    get: (kind, namespace, name) => objects.get(resourceOf(kind), namespace, name) as never,
    list: (kind) => objects.list(resourceOf(kind)) as never,
    remove: (kind, namespace, name) => void objects.remove(resourceOf(kind), namespace, name),
    dropEvents(isDropping) {
      objects.isSilent = isDropping;
    },
    compact: () => objects.compact(),
  };
}

function resourceOf(kind: ServedKind): string {
  return nameResource({ ...kind, version: '' });
}

function resourceOfObject(kinds: ReadonlyMap<string, ServedKind>, { apiVersion, kind }: KubeObject): string {
  const group = apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '';
  const served = [...kinds.values()].find((known) => known.group === group && known.kind === kind);
  if (served === undefined) throw new Error(`the fake API server does not serve ${kind} of ${apiVersion}`);
  return resourceOf(served);
}

function createConnection(server: string, parts: Parts): KubernetesConnection {
  const tls = {};
  return {
    server,
    credentials: async () =>
      parts.token === undefined ? { tls } : { tls, authorization: `Bearer ${parts.token}` },
    invalidate: () => {},
  };
}

async function answer(
  parts: Parts,
  incoming: Parameters<typeof readApiRequest>[0],
  response: ServerResponse,
) {
  try {
    const request = await readApiRequest(incoming);
    parts.requests.push(request);
    if (await parts.faults.apply(request, response)) return;
    checkToken(parts, request);
    const review = parts.reviews.answer(request);
    if (review !== undefined) sendJson(response, 201, review);
    else answerResource(parts, request, response);
  } catch (error) {
    if (incoming.destroyed && !incoming.complete) return;
    const refusal = error instanceof ApiRefusal ? error : new ApiRefusal(500, 'InternalError', String(error));
    sendJson(response, refusal.code, buildStatus(refusal));
  }
}

function answerResource(parts: Parts, request: ApiRequest, response: ServerResponse): void {
  const target = parseTarget(request.path);
  const call = target && findCall(parts, target, request);
  if (call === undefined) {
    // As the API answers where nothing is: not with an object of the kind Status.
    response.writeHead(404, { 'content-type': 'text/plain' }).end('404 page not found\n');
    return;
  }
  if (parts.forbidden.has(call.resource)) {
    const message = `${call.resource} is forbidden: User "fake" cannot ${request.method} resource "${call.target.plural}"`;
    throw new ApiRefusal(403, 'Forbidden', message);
  }
  if (/^(?:true|1)$/.test(request.query['watch'] ?? '')) {
    parts.watches.open(call, response);
    return;
  }
  const { status, body } = parts.collections.answer(call);
  sendJson(response, status, body);
}

function findCall(parts: Parts, target: ResourceTarget, request: ApiRequest): CollectionCall | undefined {
  const resource = `${target.plural}${target.group === '' ? '' : `.${target.group}`}`;
  const kind = parts.kinds.get(resource);
  return kind && { kind, resource, target, request };
}

function checkToken({ token }: Parts, { headers }: ApiRequest): void {
  if (token === undefined || headers.authorization === `Bearer ${token}`) return;
  throw new ApiRefusal(401, 'Unauthorized', 'Unauthorized');
}

/** A server that can be stopped and started again on the port that it first got. */
function createListener(onRequest: Parameters<typeof createServer>[1] & {}) {
  let server: Server | undefined;
  let port = 0;
  return {
    async start(): Promise<number> {
      const starting = createServer(onRequest);
      server = starting;
      await new Promise<void>((resolve, reject) => {
        starting.once('error', reject).listen(port, '127.0.0.1', resolve);
      });
      port = (starting.address() as AddressInfo).port;
      return port;
    },
    async stop(): Promise<void> {
      const stopping = server;
      server = undefined;
      if (stopping === undefined) return;
      await new Promise<void>((resolve) => {
        stopping.close(() => resolve());
        stopping.closeAllConnections();
      });
    },
  };
}
