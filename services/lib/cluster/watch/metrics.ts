import type { Clock } from '#lib/base';
import type { KubeObject, ResourceKind } from '#lib/resources';
import { Registry } from '#lib/telemetry';
import { nameResource } from '../kubernetes/resource-path.ts';
import { createLagRecorder } from '../lag.ts';
import type { Store } from '../source.ts';

/** Why a watch had to be opened anew. */
export type RestartReason =
  /** The server ended it properly, as it does every few minutes. */
  | 'ended'
  /** The version it began from is forgotten (410): everything was listed again. */
  | 'expired'
  /** Nothing came for too long, not even a bookmark. */
  | 'silent'
  /** No connection, or it broke. */
  | 'disconnected'
  /** Any other status: forbidden, overloaded, not served. */
  | 'refused'
  /** Something came that is no event. */
  | 'unreadable';

/** What one kind's watch counts. */
export interface WatchMetrics {
  /** An object arrived; `writtenMs` is when it was written, since the epoch, or NaN. */
  observeObject(writtenMs: number): void;
  /** Anything arrived: an event or a bookmark. */
  markAlive(): void;
  countRestart(reason: RestartReason): void;
  /** Everything was listed, at the start, after a 410, or to check on the watch. */
  countList(): void;
  /** The periodic list found what the watch should have told. */
  countCorrection(change: 'added' | 'modified' | 'deleted'): void;
}

export interface WatchMetricsOptions {
  readonly registry?: Registry | undefined;
  readonly clock: Clock;
}

/** Registers the metrics of one kind; its label is the resource as RBAC names it: `servers.policy.linkerd.io`. */
export function createWatchMetrics(
  kind: ResourceKind<KubeObject>,
  store: Pick<Store<KubeObject>, 'synced' | 'list'>,
  { registry = new Registry(), clock }: WatchMetricsOptions,
): WatchMetrics {
  const recordLag = createLagRecorder(registry, kind);
  const labels = { resource: nameResource(kind) };
  const restarts = registry.counter('informer_watch_restarts_total', 'Watches opened anew, by reason.', [
    'resource',
    'reason',
  ]);
  const lists = registry.counter('informer_lists_total', 'Complete lists read.', ['resource']).with(labels);
  const corrections = registry.counter(
    'informer_relist_corrections_total',
    'Changes that the watch had not told of and the periodic list found.',
    ['resource', 'change'],
  );
  let aliveMs = clock.monotonic();
  showGauges(registry, labels, { store, readAgeMs: () => clock.monotonic() - aliveMs });
  return {
    observeObject(writtenMs) {
      if (!Number.isNaN(writtenMs)) recordLag((clock.now() - writtenMs) / 1000);
    },
    markAlive() {
      aliveMs = clock.monotonic();
    },
    countRestart: (reason) => restarts.with({ ...labels, reason }).inc(),
    countList: () => lists.inc(),
    countCorrection: (change) => corrections.with({ ...labels, change }).inc(),
  };
}

function showGauges(
  registry: Registry,
  labels: Readonly<Record<string, string>>,
  { store, readAgeMs }: { store: Pick<Store<KubeObject>, 'synced' | 'list'>; readAgeMs: () => number },
): void {
  const objects = registry.gauge('informer_objects', 'Objects known.', ['resource']).with(labels);
  const synced = registry
    .gauge('informer_synced', '1 once everything was listed for the first time.', ['resource'])
    .with(labels);
  const age = registry
    .gauge(
      'informer_last_event_age_seconds',
      'Seconds since the watch told of anything, bookmarks included.',
      ['resource'],
    )
    .with(labels);
  registry.onCollect(() => {
    objects.set(store.list().length);
    synced.set(store.synced ? 1 : 0);
    age.set(readAgeMs() / 1000);
  });
}
