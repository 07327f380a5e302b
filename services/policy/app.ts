import { inbound, outbound } from '#lib/api';
import { type ClusterSource, createDirectorySource, openKubernetesSource } from '#lib/cluster';
import { GrpcServer } from '#lib/grpc';
import {
  type AdminServer,
  type AdminServerOptions,
  createLogger,
  type Logger,
  Registry,
  startAdminServer,
} from '#lib/telemetry';
import { createInboundIndex } from './cluster/inbound-index.ts';
import { createOutboundIndex } from './cluster/outbound-index.ts';
import type { ListenAddress, PolicyConfig } from './config.ts';
import { createListenError, createNoSourceError } from './errors.ts';
import { createInboundService } from './grpc/inbound-service.ts';
import { createOutboundService } from './grpc/outbound-service.ts';
import { createPolicyMetrics } from './metrics.ts';

export interface Policy {
  readonly port: number;
  readonly adminPort: number;
  /** Ends all streams and stops. */
  close(): Promise<void>;
}

export interface PolicyParts {
  /** Instead of what the configuration names. Not started yet. */
  readonly source?: ClusterSource;
  readonly log?: Logger;
}

/** Starts the policy service; it answers once it has read the cluster's state. Rejects with a MeshError. */
export async function startPolicy(config: PolicyConfig, parts: PolicyParts = {}): Promise<Policy> {
  const { logLevel: level, logFormat: format } = config;
  const log = parts.log ?? createLogger({ target: 'linkerd_policy_controller', level, format });
  const registry = new Registry();
  const source = parts.source ?? (await openSource(config, { log, registry }));
  const server = createServer(config, { source, log, registry });
  const open: Closeable[] = [source];
  let isReady = false;
  const close = async () => {
    isReady = false;
    for (const part of open.reverse().splice(0)) await part.close();
  };
  try {
    // Before the cluster is read, which can take as long as its API is away: alive, and not ready.
    const admin = await startAdmin(config.adminAddress, { registry, isReady: () => isReady });
    open.push(admin);
    await source.start();
    const grpc = await server.listen(config.grpcAddress);
    open.push(grpc);
    isReady = true;
    log.info('policy gRPC server listening', { host: config.grpcAddress.host, port: grpc.port });
    return { port: grpc.port, adminPort: admin.port, close };
  } catch (error) {
    await close();
    throw error;
  }
}

interface Closeable {
  close(): Promise<void>;
}

async function startAdmin(
  address: ListenAddress,
  options: Pick<AdminServerOptions, 'registry' | 'isReady'>,
): Promise<AdminServer> {
  try {
    return await startAdminServer({ ...address, ...options });
  } catch (error) {
    throw createListenError('--admin-addr', address, error);
  }
}

interface ServerParts {
  readonly source: ClusterSource;
  readonly log: Logger;
  readonly registry: Registry;
}

function createServer(config: PolicyConfig, { source, log, registry }: ServerParts): GrpcServer {
  const inboundIndex = createInboundIndex({ source, config, log });
  const { clusterNetworks, clusterDomain } = config;
  const outboundIndex = createOutboundIndex({ source, config, clusterNetworks, log });
  const metrics = createPolicyMetrics(registry, {
    inbound: () => inboundIndex.watches,
    outbound: () => outboundIndex.watches,
  });
  const server = new GrpcServer({ observe: metrics.observeCall });
  server.add(
    inbound.InboundServerPolicies,
    createInboundService({ lookup: inboundIndex, metrics: metrics.inbound }),
  );
  server.add(
    outbound.OutboundPolicies,
    createOutboundService({ lookup: outboundIndex, clusterDomain, metrics: metrics.outbound }),
  );
  return server;
}

async function openSource(
  { manifestsDir, kubernetes }: PolicyConfig,
  { log, registry }: Omit<ServerParts, 'source'>,
): Promise<ClusterSource> {
  if (manifestsDir !== undefined) return createDirectorySource({ dir: manifestsDir, log, registry });
  if (kubernetes === undefined) throw createNoSourceError();
  return openKubernetesSource({ ...kubernetes, userAgent: 'linkerd-policy-controller', log, registry });
}
