import { setTimeout as sleep } from 'node:timers/promises';
import { type Clock, type Random, systemClock, systemRandom } from '#lib/base';
import { type Environment, resolveListenHost } from '#lib/config';
import { createPodInjector } from '#lib/inject';
import { NAMESPACES } from '#lib/resources';
import { type AdminServer, createLogger, type Logger, Registry, startAdminServer } from '#lib/telemetry';
import { type ClusterParts, connectCluster } from './cluster/connect-cluster.ts';
import { followCertificate } from './cluster/follow-certificate.ts';
import { createNamespaceLookup } from './cluster/namespaces.ts';
import { createOwnerCache } from './cluster/owners.ts';
import type { ProxyInjectorConfig } from './config.ts';
import { refuseListen } from './errors.ts';
import { watchConfig } from './files/config-watcher.ts';
import { createAdmissionHandler } from './http/admission-handler.ts';
import { startAdmissionServer } from './http/admission-server.ts';
import { type BodyLimits, DEFAULT_BODY_LIMITS } from './http/read-body.ts';
import { createServing, type Serving } from './http/serving.ts';
import { createProxyInjectorMetrics, type ProxyInjectorMetrics } from './metrics.ts';

export interface ProxyInjectorApp {
  readonly adminPort: number;
  /** Where the webhook listens; undefined until it does. */
  readonly port: number | undefined;
  /** Resolves when the webhook is ready, or the app is closed. Rejects where it cannot become ready. */
  untilReady(): Promise<void>;
  /** Looks at files and certificate now: what watches and timers do. */
  check(): Promise<void>;
  /** Is no longer ready, answers for a while those who have not noticed, then ends. */
  close(): Promise<void>;
}

/** What may be exchanged; everything has a default. */
export interface ProxyInjectorParts {
  readonly cluster?: ClusterParts;
  /** Where the API server is looked for. @default empty */
  readonly env?: Environment;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly log?: Logger;
  readonly limits?: BodyLimits;
  /** How often files and certificate are looked at. @default 10 000 */
  readonly lookIntervalMs?: number;
  /** How long it goes on answering after it was told to end. @default 5000 */
  readonly lameDuckMs?: number;
}

/** The parts, complete. */
interface Context {
  readonly config: ProxyInjectorConfig;
  readonly cluster: ClusterParts;
  readonly metrics: ProxyInjectorMetrics;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly limits: BodyLimits;
  readonly intervalMs: number;
  readonly lameDuckMs: number;
}

/** Starts the service. Rejects with a MeshError, one sentence, and leaves nothing open. */
export async function startProxyInjector(
  config: ProxyInjectorConfig,
  parts: ProxyInjectorParts = {},
): Promise<ProxyInjectorApp> {
  const { clock = systemClock, random = systemRandom } = parts;
  const target = { target: 'linkerd_proxy_injector', level: config.logLevel, format: config.logFormat };
  const log = parts.log ?? createLogger(target);
  const metrics = createProxyInjectorMetrics({ registry: new Registry(), clock });
  const cluster =
    parts.cluster ??
    (await connectCluster(config, { log, registry: metrics.registry, random, env: parts.env ?? {} }));
  const context: Context = {
    config,
    cluster,
    metrics,
    clock,
    random,
    log,
    limits: parts.limits ?? DEFAULT_BODY_LIMITS,
    intervalMs: parts.lookIntervalMs ?? 10_000,
    lameDuckMs: parts.lameDuckMs ?? 5000,
  };
  let isReady = () => false;
  let admin: AdminServer | undefined;
  try {
    admin = await startAdmin(context, () => isReady());
    const app = await assemble(context, admin);
    isReady = app.isReady;
    return app;
  } catch (error) {
    await admin?.close();
    await cluster.close();
    throw error;
  }
}

async function startAdmin({ config, metrics }: Context, isReady: () => boolean): Promise<AdminServer> {
  const { port } = config.adminAddr;
  const host = resolveListenHost(config.adminAddr);
  try {
    return await startAdminServer({ host, port, registry: metrics.registry, isReady });
  } catch (error) {
    throw refuseListen('metrics-addr', `${host}:${port}`, error);
  }
}

async function assemble(
  context: Context,
  admin: AdminServer,
): Promise<ProxyInjectorApp & { isReady(): boolean }> {
  const { config, cluster, lameDuckMs, log } = context;
  const files = await watchConfig({ ...context, ...config });
  const serving = createWebhook(context, files.get);
  const certificate = followCertificate({
    ...context,
    client: cluster.client,
    onCertificate: serving.setCertificate,
  });
  let isEnding = false;
  const isReady = () => !isEnding && serving.port !== undefined && certificate.isTrusted();
  const opened = Promise.all([cluster.source.start(), files.untilGood()]).then(serving.open);
  // Told by untilReady.
  opened.catch(() => undefined);
  const ended = Promise.withResolvers<void>();
  return {
    adminPort: admin.port,
    get port() {
      return serving.port;
    },
    isReady,
    async untilReady() {
      await Promise.race([opened, ended.promise]);
      while (!isEnding && !isReady()) await sleep(50);
      if (!isEnding) log.info('proxy-injector is ready', { port: serving.port, adminPort: admin.port });
    },
    check: async () => void (await Promise.all([files.check(), certificate.check()])),
    async close() {
      isEnding = true;
      ended.resolve();
      await serving.close(lameDuckMs);
      files.close();
      await certificate.close();
      await Promise.all([cluster.close(), admin.close()]);
    },
  };
}

function createWebhook(
  { config, cluster, metrics, log, limits }: Context,
  getValues: Parameters<typeof createAdmissionHandler>[0]['getValues'],
): Serving {
  const { client, source, recordEvent } = cluster;
  const handle = createAdmissionHandler({
    getValues,
    namespaces: createNamespaceLookup(source.store(NAMESPACES), client),
    owners: createOwnerCache({ client, log }),
    inject: createPodInjector(),
    recordEvent,
    metrics,
    log,
  });
  const { port } = config.addr;
  const host = resolveListenHost(config.addr);
  return createServing(async (certificate) => {
    try {
      return await startAdmissionServer({ host, port, certificate, handle, limits, metrics, log });
    } catch (error) {
      throw refuseListen('addr', `${host}:${port}`, error);
    }
  });
}
