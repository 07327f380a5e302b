import { setTimeout as sleep } from 'node:timers/promises';
import { describeError, type Random } from '#lib/base';
import type { KubeObject, ResourceKind } from '#lib/resources';
import type { Logger } from '#lib/telemetry';
import type { ListPage } from '../kubernetes/list-pages.ts';
import { nameResource } from '../kubernetes/resource-path.ts';
import type { ObjectStore } from '../object-store.ts';
import type { StoreChange } from '../source.ts';
import type { WatchMetrics } from './metrics.ts';
import { jitterMs, type WatchTiming } from './timing.ts';

export interface CheckerOptions {
  readonly kind: ResourceKind<KubeObject>;
  readonly store: ObjectStore;
  readonly log: Logger;
  readonly metrics: WatchMetrics;
  readonly timing: WatchTiming;
  readonly random: Random;
  readonly signal: AbortSignal;
  readonly list: () => Promise<ListPage<KubeObject>>;
  /** From now on gathers the objects that the watch tells of; undefined where nothing is being watched. */
  readonly begin: () => ReadonlySet<string> | undefined;
  /** Whether one and the same watch has gone on since `begin`. */
  readonly isTrusted: (touched: ReadonlySet<string>) => boolean;
  /** No more objects need to be gathered. */
  readonly end: () => void;
  readonly publish: (changes: readonly StoreChange<KubeObject>[]) => void;
}

/**
 * Lists everything from time to time while the watch goes on, and puts right what the watch did not tell. An object
 * that the watch told of meanwhile is left to the watch: the list may be older than that.
 */
export async function startChecker(options: CheckerOptions): Promise<void> {
  const { timing, random, signal } = options;
  let waitMs = timing.relistMs;
  while (!signal.aborted) {
    await pause(jitterMs(waitMs, 0.1, random), signal);
    const isDone = signal.aborted || (await check(options));
    options.end();
    waitMs = isDone ? timing.relistMs : Math.min(timing.relistMs, AGAIN_MS);
  }
}

/** How soon a check that came to nothing is tried again. */
const AGAIN_MS = 30_000;

/** False where it could not be told who is right. */
async function check(options: CheckerOptions): Promise<boolean> {
  const { timing, signal, log, kind } = options;
  const touched = options.begin();
  // Nothing is being watched: what comes next lists anyway, or resumes where it was.
  if (touched === undefined) return false;
  try {
    const { items } = await options.list();
    await pause(timing.settleMs, signal);
    if (!options.isTrusted(touched)) return false;
    correct(items, touched, options);
    return true;
  } catch (error) {
    const fields = { resource: nameResource(kind), error: describeError(error) };
    if (!signal.aborted) log.warn('the periodic list failed; the watch goes on', fields);
    return false;
  }
}

function correct(
  items: readonly KubeObject[],
  touched: ReadonlySet<string>,
  { store, metrics, log, kind, publish }: CheckerOptions,
): void {
  const keys = new Set(items.map(keyOf));
  const changes: StoreChange<KubeObject>[] = [];
  for (const object of store.list()) {
    const { namespace = '', name } = object.metadata;
    const key = keyOf(object);
    if (!keys.has(key) && !touched.has(key)) changes.push(...store.remove(namespace, name));
  }
  for (const object of items) if (!touched.has(keyOf(object))) changes.push(...store.put(object));
  for (const { type } of changes) metrics.countCorrection(type);
  if (changes.length > 0) {
    log.warn('the watch had missed changes, which the periodic list found', {
      resource: nameResource(kind),
      changes: changes.length,
    });
  }
  publish(changes);
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => {});
}

function keyOf({ metadata }: KubeObject): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`;
}
