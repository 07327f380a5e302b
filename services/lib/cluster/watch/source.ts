import { type Clock, MeshError, type Random, systemClock, systemRandom } from '#lib/base';
import type { KubeObject, ResourceKind } from '#lib/resources';
import type { Logger, Registry } from '#lib/telemetry';
import type { KubernetesClient } from '../kubernetes/client.ts';
import { collectionPath } from '../kubernetes/resource-path.ts';
import { kindKey, type ObjectStore } from '../object-store.ts';
import type { ClusterSource } from '../source.ts';
import { createStoreSet } from '../store-set.ts';
import { createWatchMetrics } from './metrics.ts';
import { type Reflector, type ReflectorOptions, startReflector } from './reflector.ts';
import { DEFAULT_TIMING, type WatchTiming } from './timing.ts';

export interface KubernetesSourceOptions {
  readonly client: KubernetesClient;
  readonly log: Logger;
  readonly registry?: Registry;
  /** Only this namespace; kinds of the cluster are watched all the same. @default all */
  readonly namespace?: string;
  /** How often everything is listed to check on the watches. @default 10 min, give or take a tenth */
  readonly relistMs?: number;
  /** Kinds that a cluster may not serve: they count as empty until it does. */
  readonly optionalKinds?: readonly ResourceKind<KubeObject>[];
  /** Kinds of which nothing but the metadata is wanted: the rest is not even sent. */
  readonly metadataOnlyKinds?: readonly ResourceKind<KubeObject>[];
  readonly timing?: Partial<WatchTiming>;
  readonly clock?: Clock;
  readonly random?: Random;
}

/**
 * Cluster state from a Kubernetes API, listed once and then watched. While the API is away everything stays as it was.
 * `start` waits until every kind has been listed, however long that takes; it rejects only where it is closed before.
 * The client is the caller's to close, after the source.
 */
export function createKubernetesSource(options: KubernetesSourceOptions): ClusterSource {
  const stores = createStoreSet();
  let reflectors: readonly Reflector[] = [];
  return {
    store: stores.store,
    async start() {
      stores.seal();
      reflectors = [...stores.all()].map((store) => startReflector(describeReflector(store, options)));
      try {
        await Promise.all(reflectors.map(({ synced }) => synced));
      } catch (error) {
        const sentence = 'The cluster was not read to its end: the program stopped before.';
        throw new MeshError('LINKERD_CLUSTER_CLOSED', sentence, { cause: error });
      }
    },
    async close() {
      await Promise.all(reflectors.map((reflector) => reflector.close()));
    },
  };
}

function describeReflector(store: ObjectStore, options: KubernetesSourceOptions): ReflectorOptions {
  const { client, log, registry, namespace, clock = systemClock, random = systemRandom } = options;
  const { kind } = store;
  const timing = {
    ...DEFAULT_TIMING,
    ...options.timing,
    ...(options.relistMs !== undefined && { relistMs: options.relistMs }),
  };
  return {
    client,
    kind,
    store,
    path: collectionPath(kind, namespace),
    isOptional: includesKind(options.optionalKinds, kind),
    metadataOnly: includesKind(options.metadataOnlyKinds, kind),
    log,
    metrics: createWatchMetrics(kind, store, { registry, clock }),
    timing,
    clock,
    random,
  };
}

function includesKind(
  kinds: readonly ResourceKind<KubeObject>[] | undefined,
  kind: ResourceKind<KubeObject>,
): boolean {
  return kinds?.some((other) => kindKey(other) === kindKey(kind)) ?? false;
}
