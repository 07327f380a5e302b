import { destination } from '#lib/api';
import { type ClusterSource, createDirectorySource, openKubernetesSource } from '#lib/cluster';
import { type ListenAddress, resolveListenHost } from '#lib/config';
import { GrpcServer, type ListeningGrpcServer } from '#lib/grpc';
import {
  type AdminServer,
  type AdminServerOptions,
  createLogger,
  type Logger,
  Registry,
  startAdminServer,
} from '#lib/telemetry';
import {
  connectStores,
  METADATA_ONLY_KINDS,
  OPTIONAL_KINDS,
  WATCHED_KINDS,
} from './cluster/connect-stores.ts';
import { createEndpointWatches } from './cluster/endpoint-watches.ts';
import { createProfileWatches } from './cluster/profile-watches.ts';
import { createReactor } from './cluster/reactor.ts';
import type { DestinationConfig } from './config.ts';
import { createClusterIndex } from './core/cluster-index.ts';
import { refuseListen, refuseSource } from './errors.ts';
import { createDestinationService } from './grpc/destination-service.ts';
import { createDestinationMetrics } from './metrics.ts';

export interface DestinationApp {
  readonly port: number;
  readonly adminPort: number;
  close(): Promise<void>;
}

/** What may be exchanged; everything has a default. */
export interface DestinationParts {
  /** Not started yet. */
  readonly source?: ClusterSource;
  readonly log?: Logger;
  readonly registry?: Registry;
}

/** Starts the service. Rejects with a MeshError, one sentence, and leaves nothing open. */
export async function startDestination(
  config: DestinationConfig,
  parts: DestinationParts = {},
): Promise<DestinationApp> {
  const {
    registry = new Registry(),
    log = createLogger({
      target: 'linkerd_destination',
      level: config.logLevel,
      format: config.logFormat,
    }),
  } = parts;
  for (const warning of config.warnings) log.warn(warning);
  const source = parts.source ?? (await openSource(config, registry, log));
  const core = createCore(config, { source, registry, log });
  const closers: (() => Promise<void> | void)[] = [core.close, () => source.close()];
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    let isReady = false;
    const admin = await startAdmin(config.adminAddr, { registry, isReady: () => isReady });
    closers.push(admin.close);
    await source.start();
    const server = await core.listen();
    closers.push(server.close);
    isReady = true;
    log.info('destination is serving', { port: server.port, adminPort: admin.port });
    return { port: server.port, adminPort: admin.port, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function startAdmin(
  address: ListenAddress,
  options: Pick<AdminServerOptions, 'registry' | 'isReady'>,
): Promise<AdminServer> {
  const host = resolveListenHost(address);
  try {
    return await startAdminServer({ host, port: address.port, ...options });
  } catch (error) {
    throw refuseListen('metrics-addr', `${host}:${address.port}`, error);
  }
}

interface CoreParts {
  readonly source: ClusterSource;
  readonly registry: Registry;
  readonly log: Logger;
}

function createCore(config: DestinationConfig, { source, registry, log }: CoreParts) {
  const { settings, addr, http2Params, streamQueueCapacity } = config;
  const metrics = createDestinationMetrics(registry);
  for (const kind of WATCHED_KINDS) metrics.showCacheSize(kind.kind, () => source.store(kind).list().length);
  const index = createClusterIndex();
  const reactor = createReactor({ lookup: index.lookup });
  const disconnect = connectStores(source, index, reactor.touch);
  const server = new GrpcServer({ observe: metrics.observeCall });
  const watchOptions = { reactor, settings, metrics, log };
  server.add(
    destination.Destination,
    createDestinationService({
      endpoints: createEndpointWatches(watchOptions),
      profiles: createProfileWatches(watchOptions),
      clusterDomain: settings.clusterDomain,
      http2Params,
      streamQueueCapacity,
      metrics,
      log,
    }),
  );
  return {
    listen: (): Promise<ListeningGrpcServer> =>
      server.listen({ host: resolveListenHost(addr), port: addr.port }),
    close() {
      disconnect();
      reactor.close();
    },
  };
}

async function openSource(
  config: DestinationConfig,
  registry: Registry,
  log: Logger,
): Promise<ClusterSource> {
  const { manifestsDir, kubernetes, kubeApiClientQps, kubeApiClientBurst } = config;
  if (manifestsDir !== undefined) return createDirectorySource({ dir: manifestsDir, registry, log });
  if (kubernetes === undefined) throw refuseSource();
  return openKubernetesSource({
    ...kubernetes,
    userAgent: 'linkerd-destination',
    qps: kubeApiClientQps,
    burst: kubeApiClientBurst,
    optionalKinds: OPTIONAL_KINDS,
    metadataOnlyKinds: METADATA_ONLY_KINDS,
    registry,
    log,
  });
}
