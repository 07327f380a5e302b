import { isDeepStrictEqual } from 'node:util';
import type { Logger } from '#lib/telemetry';
import type { ServiceTarget } from '../core/authority.ts';
import { type AddressSet, computeAddressSet } from '../core/endpoints/address-set.ts';
import { checkWatchable } from '../core/endpoints/check-watchable.ts';
import type { EndpointUpdate } from '../core/endpoints/endpoint-diff.ts';
import type { Endpoint } from '../core/endpoints/selection.ts';
import { createSelectionCache, type SelectionCache } from '../core/endpoints/selection-cache.ts';
import { findZone } from '../core/profile/endpoint-profile.ts';
import type { DestinationSettings } from '../core/settings.ts';
import type { DestinationMetrics, EndpointsSeries } from '../metrics.ts';
import type { Derived, Reactor } from './reactor.ts';
import { createSharedWatches, type SharedWatch } from './shared-watches.ts';

/** Watches on the endpoints of Services, shared by all who ask for the same. */
export interface EndpointWatches {
  /**
   * Tells the listener of the endpoints there are, if any, before it returns, and then of every change.
   * Returns what ends it. Throws a LookupError where there is nothing to watch.
   */
  watch(target: ServiceTarget, nodeName: string, listener: EndpointListener): () => void;
}

export type EndpointListener = (update: EndpointUpdate) => void;

export interface EndpointWatchesOptions {
  readonly reactor: Reactor;
  readonly settings: DestinationSettings;
  readonly metrics: DestinationMetrics;
  readonly log: Logger;
}

/** The addresses of a Service's port are computed once, what each client sees of them once for each node. */
export function createEndpointWatches(options: EndpointWatchesOptions): EndpointWatches {
  const { reactor, settings, log } = options;
  const onError = (error: unknown) => log.error('endpoints not computed', { error });

  const addressSets = createSharedWatches((key: string, target: ServiceTarget) => {
    const derived = reactor.derive<AddressSet>({
      compute: (view, previous) => {
        const set = computeAddressSet({ view, settings, ...target, previous });
        return isDeepStrictEqual(set, previous) ? (previous as AddressSet) : set;
      },
      onChange: (set, previous) => {
        logNewWarnings(log, set.warnings, previous.warnings);
        reactor.touch([key]);
      },
      onError,
    });
    logNewWarnings(log, derived.value.warnings, []);
    return derived;
  });
  const selection = createSelectionCache(settings);
  const groups = createSharedWatches((_key: string, question: GroupQuestion) =>
    createGroup(question, { ...options, addressSets, selection, onError }),
  );

  return {
    watch(target, nodeName, listener) {
      checkWatchable(target, reactor.view);
      const shared = groups.acquire(`${targetKey(target)}|${target.hostname ?? ''}|${nodeName}`, {
        target,
        nodeName,
      });
      const stop = shared.value.subscribe(listener);
      return () => {
        stop();
        shared.release();
      };
    },
  };
}

interface GroupQuestion {
  readonly target: ServiceTarget;
  readonly nodeName: string;
}

/** Clients that see the same endpoints: those on one node who ask for the same name. */
interface Group {
  subscribe(listener: EndpointListener): () => void;
  stop(): void;
}

interface GroupParts extends EndpointWatchesOptions {
  readonly addressSets: { acquire(key: string, target: ServiceTarget): SharedWatch<Derived<AddressSet>> };
  readonly selection: SelectionCache;
  readonly onError: (error: unknown) => void;
}

type Snapshot = ReadonlyMap<string, Endpoint>;

function createGroup({ target, nodeName }: GroupQuestion, parts: GroupParts): Group {
  const { reactor, metrics, addressSets, selection, onError } = parts;
  const key = targetKey(target);
  const addresses = addressSets.acquire(key, target);
  const listeners = new Set<EndpointListener>();
  const series = metrics.openEndpoints(target, nodeName);
  const derived = reactor.derive<Snapshot>({
    also: [key],
    compute: (view) => {
      const zone = findZone(view, nodeName) ?? '';
      return selection.select(addresses.value.value, { nodeName, zone, hostname: target.hostname });
    },
    onChange: (after, before) => {
      showSizes(series, addresses.value.value, after);
      const update = selection.diff(before, after, addresses.value.value.labels);
      if (update.add.length === 0 && update.remove.length === 0) return;
      series.updates.inc();
      for (const listener of [...listeners]) listener(update);
    },
    onError,
  });
  showSizes(series, addresses.value.value, derived.value);
  return {
    subscribe(listener) {
      listeners.add(listener);
      series.subscribers.set(listeners.size);
      const add = [...derived.value.values()];
      if (add.length > 0) listener({ add, remove: [], labels: addresses.value.value.labels });
      return () => {
        listeners.delete(listener);
        series.subscribers.set(listeners.size);
      };
    },
    stop() {
      derived.stop();
      addresses.release();
      series.close();
    },
  };
}

function showSizes(series: EndpointsSeries, set: AddressSet, endpoints: Snapshot): void {
  series.exists.set(set.exists ? 1 : 0);
  series.pods.set(endpoints.size);
}

function targetKey({ service: { namespace, name }, port }: ServiceTarget): string {
  return `addresses/${namespace}/${name}/${port}`;
}

function logNewWarnings(log: Logger, now: readonly string[], before: readonly string[]): void {
  for (const warning of now) if (!before.includes(warning)) log.error(warning);
}
