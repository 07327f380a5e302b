import { dirname } from 'node:path';
import { identity } from '#lib/api';
import { type Clock, describeError, MeshError, systemClock } from '#lib/base';
import { type ListenAddress, resolveListenHost, startLevelWatcher } from '#lib/config';
import { GrpcServer, type ListeningGrpcServer } from '#lib/grpc';
import { type AdminServer, createLogger, type Logger, startAdminServer } from '#lib/telemetry';
import { createLogEvents, joinEvents } from './cluster/event-sinks.ts';
import { connectKubernetes, type KubernetesApi } from './cluster/kubernetes-api.ts';
import type { IdentityConfig } from './config.ts';
import { IDENTITY_TOKEN_AUDIENCE } from './contract.ts';
import type { CertifySettings } from './core/certify.ts';
import type { EventSink } from './core/event.ts';
import type { TokenReviewer } from './core/token-reviewer.ts';
import { createStartError } from './errors.ts';
import { readCredentialFiles } from './files/credential-files.ts';
import { createIssuerStore, type IssuerStore } from './files/issuer-store.ts';
import { createJwksStore, type JwksStore } from './files/jwks-store.ts';
import { createIdentityService } from './grpc/identity-service.ts';
import { createIdentityMetrics, type IdentityMetrics } from './metrics.ts';
import { createJwtReviewer } from './tokens/jwt-reviewer.ts';

export interface IdentityApp {
  readonly port: number;
  readonly adminPort: number;
  /** Looks at the issuer, the anchors and the token keys now: what the timer does. */
  checkFiles(): Promise<void>;
  close(): Promise<void>;
}

/** What may be exchanged; everything has a default but the reviewer, which a JWKS file or a Kubernetes API gives. */
export interface IdentityParts {
  readonly reviewer?: TokenReviewer;
  readonly events?: EventSink;
  readonly clock?: Clock;
  readonly log?: Logger;
  readonly lookIntervalMs?: number;
}

const LOOK_INTERVAL_MS = 10_000;

/** Starts the service. Rejects with a MeshError, one sentence, and leaves nothing open. */
export async function startIdentity(config: IdentityConfig, parts: IdentityParts = {}): Promise<IdentityApp> {
  const { clock = systemClock } = parts;
  const log =
    parts.log ??
    createLogger({ target: 'linkerd_identity', level: config.logLevel, format: config.logFormat });
  for (const warning of config.warnings) log.warn(warning);
  const api =
    config.kubernetes === undefined || parts.reviewer !== undefined
      ? undefined
      : await connectKubernetes(config.kubernetes, config, log);
  try {
    return await serve({ ...parts, config, clock, log, api });
  } catch (error) {
    await api?.close();
    throw error;
  }
}

interface ServeParts extends IdentityParts {
  readonly config: IdentityConfig;
  readonly clock: Clock;
  readonly log: Logger;
  readonly api: KubernetesApi | undefined;
}

async function serve({ config, clock, log, api, ...parts }: ServeParts): Promise<IdentityApp> {
  const logEvents = createLogEvents(log);
  const events = parts.events ?? (api === undefined ? logEvents : joinEvents(logEvents, api.events));
  const jwks = openJwks(config, log);
  const reviewer = parts.reviewer ?? api?.reviewer ?? createReviewer(jwks, config, clock);
  await jwks?.load();
  const issuers = createIssuerStore({ read: () => readCredentialFiles(config), clock, events });
  await issuers.load();
  const intervalMs = parts.lookIntervalMs ?? LOOK_INTERVAL_MS;
  const files = watchFiles({ config, issuers, jwks, clock, log, intervalMs });
  const server = new GrpcServer({ observe: files.metrics.observeCall });
  const service = createIdentityService(
    { settings: createSettings(config), getIssuer: issuers.get, reviewer, events, clock },
    (requested, error) =>
      log.warn('refused a certificate', { identity: requested, error: describeError(error) }),
  );
  server.add(identity.Identity, service);
  return listen({ server, config, files, log, api });
}

function createSettings(config: IdentityConfig): CertifySettings {
  return {
    controllerNamespace: config.controllerNamespace,
    trustDomain: config.trustDomain,
    audience: IDENTITY_TOKEN_AUDIENCE,
    lifetimeMs: config.issuanceLifetimeMs,
    clockSkewMs: config.clockSkewMs,
  };
}

function openJwks({ tokenJwksFile }: IdentityConfig, log: Logger): JwksStore | undefined {
  if (tokenJwksFile === undefined) return undefined;
  return createJwksStore(tokenJwksFile, (sentence) => log.warn(sentence));
}

function createReviewer(jwks: JwksStore | undefined, config: IdentityConfig, clock: Clock): TokenReviewer {
  if (jwks !== undefined) return createJwtReviewer({ getKeys: jwks.get, skewMs: config.clockSkewMs, clock });
  throw createStartError(
    'IDENTITY_NO_TOKEN_REVIEWER',
    'Nobody can tell whose a token is: no Kubernetes API to review it is configured and -token-jwks is missing; give -token-jwks the path of a JSON Web Key Set, or -kubeconfig that of a kubeconfig.',
  );
}

interface WatchedFiles {
  readonly metrics: IdentityMetrics;
  check(): Promise<void>;
  close(): void;
}

interface WatchOptions {
  readonly config: IdentityConfig;
  readonly issuers: IssuerStore;
  readonly jwks: JwksStore | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  readonly intervalMs: number;
}

function watchFiles({ config, issuers, jwks, clock, log, intervalMs }: WatchOptions): WatchedFiles {
  let lookedAtMs = clock.monotonic();
  const metrics = createIdentityMetrics({
    getIssuerTtlMs: () => {
      const inUse = issuers.get();
      return inUse && Math.max(0, inUse.issuer.certificate.notAfterMs - clock.now());
    },
    getLookAgeMs: () => clock.monotonic() - lookedAtMs,
  });
  const look = async () => {
    const result = await issuers.refresh();
    if (result !== 'unchanged') metrics.countReload(result);
    await jwks?.refresh();
    lookedAtMs = clock.monotonic();
  };
  const files = [
    config.trustAnchorsFile,
    ...(config.tokenJwksFile === undefined ? [] : [config.tokenJwksFile]),
  ];
  const watcher = startLevelWatcher({
    directories: [config.issuerDir, ...files.map((file) => dirname(file))],
    intervalMs,
    look,
    onWatchError: (directory, error) =>
      log.warn('cannot watch a directory; its files are looked at by the timer alone', {
        directory,
        error: describeError(error),
      }),
  });
  return { metrics, check: watcher.check, close: watcher.close };
}

interface ListenOptions {
  readonly server: GrpcServer;
  readonly config: IdentityConfig;
  readonly files: WatchedFiles;
  readonly log: Logger;
  readonly api: KubernetesApi | undefined;
}

async function listen({ server, config, files, log, api }: ListenOptions): Promise<IdentityApp> {
  let grpc: ListeningGrpcServer | undefined;
  try {
    grpc = await server.listen({ host: resolveListenHost(config.addr), port: config.addr.port });
    const admin = await startAdmin(config.adminAddr, files.metrics);
    const { port, close } = grpc;
    log.info('identity is ready', { port, adminPort: admin.port, trustDomain: config.trustDomain });
    return {
      port,
      adminPort: admin.port,
      checkFiles: files.check,
      close: async () => {
        files.close();
        await Promise.all([close(), admin.close()]);
        await api?.close();
      },
    };
  } catch (error) {
    files.close();
    await grpc?.close();
    throw error;
  }
}

async function startAdmin(address: ListenAddress, metrics: IdentityMetrics): Promise<AdminServer> {
  const host = resolveListenHost(address);
  try {
    return await startAdminServer({
      host,
      port: address.port,
      registry: metrics.registry,
      isReady: () => true,
    });
  } catch (error) {
    if (error instanceof MeshError) throw error;
    const sentence = `The admin server cannot listen on ${host}:${address.port}: ${describeError(error)}; free the port or give another -admin-addr.`;
    throw createStartError('IDENTITY_ADMIN_LISTEN_FAILED', sentence, error);
  }
}
