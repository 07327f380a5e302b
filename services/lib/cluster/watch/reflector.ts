import { setTimeout as sleep } from 'node:timers/promises';
import { type Clock, describeError, type Random } from '#lib/base';
import type { KubeObject, ResourceKind } from '#lib/resources';
import type { Logger } from '#lib/telemetry';
import type { KubernetesClient } from '../kubernetes/client.ts';
import { hasStatus, KubernetesError } from '../kubernetes/error.ts';
import { listPages } from '../kubernetes/list-pages.ts';
import { nameResource } from '../kubernetes/resource-path.ts';
import type { ObjectStore } from '../object-store.ts';
import type { StoreChange } from '../source.ts';
import { startChecker } from './checker.ts';
import type { RestartReason, WatchMetrics } from './metrics.ts';
import { jitterMs, retryMs, type WatchTiming } from './timing.ts';
import { type RawObject, readWrittenMs, trimObject } from './trim.ts';
import { parseWatchEvent, type WatchEvent } from './watch-event.ts';

export interface ReflectorOptions {
  readonly client: KubernetesClient;
  readonly kind: ResourceKind<KubeObject>;
  readonly store: ObjectStore;
  /** Of the collection. */
  readonly path: string;
  /** A cluster that does not serve the kind has no objects of it. */
  readonly isOptional: boolean;
  readonly metadataOnly: boolean;
  readonly log: Logger;
  readonly metrics: WatchMetrics;
  readonly timing: WatchTiming;
  readonly clock: Clock;
  readonly random: Random;
}

/** Keeps a store like one kind of objects of the API. */
export interface Reflector {
  /** Resolves once the store has been filled, however long that takes; rejects where it is closed before. */
  readonly synced: Promise<void>;
  close(): Promise<void>;
}

/**
 * What a reflector knows. It goes round in a circle:
 *
 *     listing ──► watching ──► (ended, broken) ──► watching from the last version
 *        ▲                          │
 *        └── (410, 404) ◄───────────┘        each way round waits, the longer the more often it failed
 */
interface State {
  /** Up to where everything is known; undefined: list first. */
  version: string | undefined;
  /** Failures since the last good watch. */
  attempt: number;
  /** The failure that was logged last, until it is over. */
  problem: string;
  /** How often in a row the kind was not served. */
  absences: number;
  isWatching: boolean;
  /** The objects that the watch told of since a check began. */
  touched: Set<string> | undefined;
}

interface Parts extends ReflectorOptions {
  readonly state: State;
  readonly signal: AbortSignal;
  readonly onSynced: () => void;
}

/** A kind that was served and no longer is keeps its objects for so many looks: a server that starts may err. */
const ABSENCES_BEFORE_EMPTY = 3;
const AS_METADATA = 'g=meta.k8s.io;v=v1,application/json';

export function startReflector(options: ReflectorOptions): Reflector {
  const closing = new AbortController();
  const { promise: synced, resolve, reject } = Promise.withResolvers<void>();
  const state: State = {
    version: undefined,
    attempt: 0,
    problem: '',
    absences: 0,
    isWatching: false,
    touched: undefined,
  };
  const parts: Parts = { ...options, state, signal: closing.signal, onSynced: resolve };
  const running = run(parts);
  const checker = startChecker({
    ...options,
    signal: closing.signal,
    list: () => list(parts),
    begin: () => {
      state.touched = state.isWatching ? new Set() : undefined;
      return state.touched;
    },
    isTrusted: (touched) => state.isWatching && state.touched === touched,
    end: () => {
      state.touched = undefined;
    },
    publish: (changes) => publish(parts, changes),
  });
  return {
    synced,
    async close() {
      closing.abort();
      reject(new Error('the source was closed before everything was listed'));
      await Promise.all([running, checker]);
    },
  };
}

async function run(parts: Parts): Promise<void> {
  while (!parts.signal.aborted) {
    const waitMs = await goRound(parts);
    if (waitMs > 0) await sleep(waitMs, undefined, { signal: parts.signal }).catch(() => {});
  }
}

/** Lists where that is needed, then watches until the watch is over. Returns how long to wait before the next round. */
async function goRound(parts: Parts): Promise<number> {
  const { state, metrics, timing, clock, random } = parts;
  let startedMs = clock.monotonic();
  let reason: RestartReason = 'ended';
  let failure: unknown;
  try {
    if (state.version === undefined) await fill(parts);
    startedMs = clock.monotonic();
    await watch(parts);
  } catch (error) {
    if (parts.signal.aborted) return 0;
    failure = error;
    reason = classify(error);
  } finally {
    state.isWatching = false;
    state.touched = undefined;
  }
  metrics.countRestart(reason);
  const isGood = clock.monotonic() - startedMs >= timing.goodMs;
  if (isGood) state.attempt = 0;
  if (failure !== undefined) return handleFailure(parts, failure);
  return isGood ? 0 : retryMs(timing, state.attempt++, random);
}

/** Makes the store what a new list says, and tells of the differences. */
async function fill(parts: Parts): Promise<void> {
  const { state, store } = parts;
  const { items, resourceVersion } = await list(parts);
  state.absences = 0;
  const changes = store.replace(items);
  state.version = resourceVersion;
  finishSync(parts);
  publish(parts, changes);
}

async function list({ client, kind, path, metadataOnly, metrics, signal }: Parts) {
  const accept = metadataOnly
    ? { accept: `application/json;as=PartialObjectMetadataList;${AS_METADATA}` }
    : {};
  const convert = (raw: RawObject) => trimObject(raw, kind, { metadataOnly });
  const answer = await listPages(client.request, { path, ...accept, signal }, convert);
  metrics.countList();
  metrics.markAlive();
  return answer;
}

function finishSync({ store, onSynced }: Parts): void {
  store.markSynced();
  onSynced();
}

async function watch(parts: Parts): Promise<void> {
  const { client, path, state, signal, timing, random, metadataOnly, metrics } = parts;
  const lines = await client.openLines({
    path,
    query: {
      watch: true,
      allowWatchBookmarks: true,
      resourceVersion: state.version ?? '',
      timeoutSeconds: Math.ceil((timing.watchMs * (1 + random())) / 1000),
    },
    ...(metadataOnly && { accept: `application/json;as=PartialObjectMetadata;${AS_METADATA}` }),
    signal,
    silentMs: timing.silentMs,
  });
  state.isWatching = true;
  metrics.markAlive();
  reportRecovery(parts);
  for await (const line of lines) {
    if (line === '') continue;
    const event = parseWatchEvent(line);
    metrics.markAlive();
    take(parts, event);
    state.version = event.version;
    state.attempt = 0;
  }
}

function take(parts: Parts, event: WatchEvent): void {
  if (event.type === 'bookmark') return;
  const { store, kind, metadataOnly, metrics, state } = parts;
  const { namespace = '', name } = event.object.metadata;
  state.touched?.add(`${namespace}/${name}`);
  if (event.type === 'remove') return publish(parts, store.remove(namespace, name));
  metrics.observeObject(readWrittenMs(event.object));
  publish(parts, store.put(trimObject(event.object, kind, { metadataOnly })));
}

/** A listener that throws must not end the watch of everybody else. */
function publish({ store, log, kind }: Parts, changes: readonly StoreChange<KubeObject>[]): void {
  for (const change of changes) {
    try {
      store.publish([change]);
    } catch (error) {
      const { namespace, name } = change.object.metadata;
      log.error('a change of the cluster could not be taken in', {
        kind: kind.kind,
        object: namespace === undefined ? name : `${namespace}/${name}`,
        error: describeError(error),
      });
    }
  }
}

function classify(error: unknown): RestartReason {
  if (!(error instanceof KubernetesError)) return 'disconnected';
  if (error.code === 'LINKERD_KUBERNETES_UNREADABLE') return 'unreadable';
  if (error.code === 'LINKERD_KUBERNETES_UNREACHABLE') {
    return error.reason === 'Timeout' ? 'silent' : 'disconnected';
  }
  return error.status === 410 ? 'expired' : 'refused';
}

function handleFailure(parts: Parts, error: unknown): number {
  const { state, timing, random, isOptional } = parts;
  if (isVersionLost(error)) state.version = undefined;
  if (hasStatus(error, 404) && isOptional) return takeAbsence(parts);
  if (!hasStatus(error, 410)) reportProblem(parts, error);
  const waitMs = retryMs(timing, state.attempt++, random);
  return Math.max(waitMs, error instanceof KubernetesError ? (error.retryAfterMs ?? 0) : 0);
}

/** The server cannot go on from our version: forgotten, not served, or from before its data was restored. */
function isVersionLost(error: unknown): boolean {
  if (!(error instanceof KubernetesError)) return false;
  return [400, 404, 410, 422].includes(error.status) || /resource ?version/i.test(error.message);
}

/** What brings kinds that may be absent, by the end of their group. */
const MENDS: readonly (readonly [groupEnd: string, mend: string])[] = [
  ['linkerd.io', 'install the chart linkerd-crds; no restart is needed'],
  [
    'gateway.networking.k8s.io',
    'install the Gateway API, or the chart linkerd-crds with installGatewayAPI=true; no restart is needed',
  ],
];

function takeAbsence(parts: Parts): number {
  const { state, store, log, kind, timing, random } = parts;
  state.absences += 1;
  const isGone = !store.synced || state.absences >= ABSENCES_BEFORE_EMPTY;
  if (isGone && state.problem !== 'absent') {
    const mend = MENDS.find(([groupEnd]) => kind.group.endsWith(groupEnd))?.[1];
    log.warn('the cluster does not serve a kind; it counts as empty until it does', {
      kind: kind.kind,
      resource: nameResource(kind),
      ...(mend !== undefined && { mend }),
    });
    state.problem = 'absent';
  }
  if (isGone) {
    const changes = store.replace([]);
    finishSync(parts);
    publish(parts, changes);
  }
  return jitterMs(timing.absentMs, 1 / 3, random);
}

/** Says once what is wrong, until it is something else or over. */
function reportProblem({ state, store, log, kind }: Parts, error: unknown): void {
  const resource = nameResource(kind);
  const status = error instanceof KubernetesError ? error.status : 0;
  const problem = status === 0 ? 'unreachable' : String(status);
  if (problem === state.problem) return;
  const fields = { resource, error: describeError(error) };
  // A watch that breaks is everyday; that it cannot be opened again is news.
  if (status === 0 && state.attempt === 0 && store.synced) return log.debug('the watch broke', fields);
  state.problem = problem;
  if (status === 404) {
    log.error(`the API does not serve ${resource} (${kind.version}), which is needed; looking again`, fields);
  } else if (status === 403) {
    log.error(`RBAC lacks the verbs list and watch for ${resource}; looking again`, fields);
  } else {
    log.warn(`cannot watch ${resource}, keeping what is known; trying again`, fields);
  }
}

function reportRecovery({ state, log, kind }: Parts): void {
  if (state.problem !== '') log.info('watching again', { resource: nameResource(kind) });
  state.problem = '';
}
