import { systemClock, systemRandom } from '#lib/base';
import type { Environment } from '#lib/config';
import { createLogger, LogFilter, type Logger, startExpiry } from '#lib/telemetry';
import { Admin } from './admin/admin.ts';
import type { ProxyConfig } from './config.ts';
import { TRANSPORT_ALPN } from './contract.ts';
import { type ChannelOptions, ControlChannel } from './control/channel.ts';
import { createResolver } from './control/connection/resolver.ts';
import { createDestinationClient } from './control/destination-client.ts';
import { createDiscoveryStatus } from './control/discovery-status.ts';
import { createPolicyClient } from './control/policy-client.ts';
import { rememberDiscovery } from './control/remembered-discovery.ts';
import { Gateway } from './gateway/gateway.ts';
import { AccessLog } from './http/access-log/access-log.ts';
import { HttpServer } from './http/http-server.ts';
import { InFlight } from './http/in-flight.ts';
import type { IdentityStore } from './identity/identity-store.ts';
import { startWorkloadIdentity, type WorkloadIdentity } from './identity/workload-identity.ts';
import { AppClients } from './inbound/app-clients.ts';
import { createDefaultServerPolicy } from './inbound/default-policy.ts';
import { Inbound } from './inbound/inbound.ts';
import { Ports } from './inbound/ports.ts';
import { PROXY_VERSION, registerBuildInfo } from './metrics/build-series.ts';
import { createFamilies, type Families } from './metrics/families.ts';
import { registerProcessMetrics } from './metrics/process-series.ts';
import { registerAccessLog, registerServerCounters } from './metrics/server-series.ts';
import { TcpTracker } from './metrics/tcp-series.ts';
import { BalancerCache } from './outbound/balancer-cache.ts';
import { TargetCache } from './outbound/discovery/target-cache.ts';
import type { OutboundContext } from './outbound/dispatch-context.ts';
import { Outbound } from './outbound/outbound.ts';
import { drainConnections } from './shutdown.ts';
import { readSearchDomains, withSearch } from './trace/export/search-domains.ts';
import { startTracing, type Tracing } from './trace/tracing.ts';
import { formatAddress } from './transport/address.ts';
import { type BoundListener, bindListener } from './transport/listen.ts';
import { createTerminator, type TlsTerminator } from './transport/tls-server.ts';

export interface RunningProxy {
  /** Drains and closes; resolves when the process may exit. */
  shutdown(): Promise<void>;
}

/** What the parts of the proxy share. */
interface Core {
  readonly config: ProxyConfig;
  readonly families: Families;
  readonly tracker: TcpTracker;
  readonly log: Logger;
  readonly identity: IdentityStore;
  readonly workload: Pick<WorkloadIdentity, 'describeWait'>;
  /** For the ports of the app and the admin server; peers that dial the proxy itself get the other one. */
  readonly terminator: TlsTerminator;
  readonly directTerminator: TlsTerminator;
  /** Undefined where nothing is traced. */
  readonly tracing: Tracing | undefined;
}

interface Listeners {
  readonly admin: BoundListener;
  readonly inbound: BoundListener;
  readonly outbound: readonly BoundListener[];
}

/**
 * Starts the proxy: sockets are bound and the admin server answers at once; connections are taken, and /ready
 * succeeds, when the first certificate is there. Source: facts sheet proxy-wire, section 10.
 */
export async function startProxy(
  config: ProxyConfig,
  options: { readonly environment: Environment; readonly onShutdownRequest: () => void },
): Promise<RunningProxy> {
  const filter = new LogFilter(config.log);
  const log = createLogger({
    target: 'linkerd_app',
    level: filter,
    format: config.logFormat,
    style: 'tracing',
  });
  for (const warning of config.warnings) log.warn(warning);
  const core = createCore(config, log);
  const listeners = await bindAll(config);
  let isReady = false;
  const { admin, server: adminServer } = startAdmin(core, listeners.admin, {
    isReady: () => isReady,
    describeWait: () => core.workload.describeWait() ?? 'shutting down',
    renderMetrics: () => renderMetrics(core),
    logFilter: isLogOff(config) ? undefined : filter,
    environment: options.environment,
    shutdown: config.shutdownEndpointEnabled ? options.onShutdownRequest : undefined,
  });
  logStart(core, listeners);
  await core.identity.ready;
  log.info('Certified identity', { id: config.identity.localName });
  const servers = serve(core, listeners, admin);
  isReady = true;
  return {
    shutdown: () =>
      drainConnections({
        graceMs: config.shutdownGraceMs,
        log,
        tracker: core.tracker,
        drain: () => {
          isReady = false;
          for (const listener of [listeners.inbound, ...listeners.outbound]) listener.close();
          for (const server of servers) server.shutdown();
        },
      }).finally(async () => {
        adminServer.shutdown();
        await core.tracing?.close();
      }),
  };
}

/** Logs that are off from the start are off for good: /proxy-log-level is not there. */
function isLogOff({ log }: ProxyConfig): boolean {
  return log.trim().toLowerCase() === 'off';
}

function createCore(config: ProxyConfig, log: Logger): Core {
  const families = createFamilies({ maxSeries: config.metrics.maxSeries });
  registerProcessMetrics(families.modern);
  registerBuildInfo(families);
  startExpiry([families.legacy, families.modern], { idleMs: config.metrics.retainIdleMs });
  const terminator = createTerminator(undefined);
  const directTerminator = createTerminator([TRANSPORT_ALPN]);
  const identityLog = log.child('linkerd_identity', { name: 'identity' });
  const workload = startWorkloadIdentity({ config, families, log: identityLog });
  const identity = workload.store;
  identity.onChange(({ context }) => {
    terminator.setContext(context);
    directTerminator.setContext(context);
  });
  const tracing = createTracing({ config, families, log, identity });
  return {
    config,
    families,
    tracker: new TcpTracker(),
    log,
    identity,
    workload,
    terminator,
    directTerminator,
    tracing,
  };
}

function createTracing(core: Pick<Core, 'config' | 'families' | 'log' | 'identity'>): Tracing | undefined {
  const { trace } = core.config;
  if (trace === undefined) return undefined;
  const log = core.log.child('linkerd_opentelemetry');
  const client = 'opentelemetry';
  const resolver = withSearch(createResolver(client, core.families), readSearchDomains());
  const channel = createChannel(core, { client, address: trace.collector, log, resolver });
  return startTracing({ config: trace, channel, families: core.families, log });
}

/** A channel to a service outside of this process, which must prove the identity that its address names. */
function createChannel(
  { config, families, identity }: Pick<Core, 'config' | 'families' | 'identity'>,
  of: Pick<ChannelOptions, 'client' | 'address' | 'log' | 'onReachability' | 'resolver'>,
): ControlChannel {
  return new ControlChannel({
    ...of,
    inbound: config.inbound,
    outbound: config.outbound,
    dns: config.dns,
    currentContext: () => identity.current()?.context,
    families,
  });
}

async function bindAll(config: ProxyConfig): Promise<Listeners> {
  const inbound = {
    keepAliveMs: config.inbound.acceptKeepAliveMs,
    userTimeoutMs: config.inbound.acceptUserTimeoutMs,
    backlog: config.inbound.listenBacklog,
  };
  const outbound = {
    keepAliveMs: config.outbound.acceptKeepAliveMs,
    userTimeoutMs: config.outbound.acceptUserTimeoutMs,
    backlog: config.outbound.listenBacklog,
  };
  return {
    admin: await bindListener({ address: config.adminListen, ...inbound }),
    inbound: await bindListener({ address: config.inboundListen, ...inbound }),
    outbound: await Promise.all(
      config.outboundListen.map((address) => bindListener({ address, ...outbound })),
    ),
  };
}

function startAdmin(
  core: Core,
  listener: BoundListener,
  state: ConstructorParameters<typeof Admin>[0]['state'],
): { readonly admin: Admin; readonly server: HttpServer } {
  const server = new HttpServer({ keepAlive: undefined, maxConcurrentStreams: undefined });
  const { terminator, config } = core;
  const admin = new Admin({ state, server, terminator, localName: config.identity.localName });
  listener.start((accepted) => admin.accept(accepted));
  return { admin, server };
}

/** The page in slices; the older families come first. */
function* renderMetrics({ families, tracker }: Core): Generator<string> {
  tracker.settleAll();
  yield* families.legacy.renderSlices();
  yield* families.modern.renderSlices();
}

function logStart({ config, log }: Core, listeners: Listeners): void {
  log.info(`release ${PROXY_VERSION} by linkerd-ts`);
  log.info(`Admin interface on ${formatAddress(listeners.admin.address)}`);
  log.info(`Inbound interface on ${formatAddress(listeners.inbound.address)}`);
  for (const listener of listeners.outbound)
    log.info(`Outbound interface on ${formatAddress(listener.address)}`);
  log.info('Tap DISABLED');
  log.info(`SNI is ${config.identity.localName}`);
  log.info(`Local identity is ${config.identity.localName}`);
  const { destination } = config;
  const by = destination.identity === undefined ? '' : ` (${destination.identity})`;
  log.info(`Destinations resolved via ${destination.host}:${destination.port}${by}`);
}

/** Opens both directions; returns their HTTP servers. */
function serve(core: Core, listeners: Listeners, admin: Admin): readonly HttpServer[] {
  const { config } = core;
  const ownPorts = new Set([
    config.inboundListen.port,
    config.adminListen.port,
    ...config.outboundListen.map(({ port }) => port),
  ]);
  const clients = createClients(core);
  const outboundServer = new HttpServer(config.outbound.serverHttp2);
  const inboundServer = new HttpServer(config.inbound.serverHttp2);
  registerServerCounters(core.families.modern, 'outbound', outboundServer);
  registerServerCounters(core.families.modern, 'inbound', inboundServer);
  const { outbound, gateway } = createOutbound(core, { clients, server: outboundServer, ownPorts });
  const inbound = createInbound(core, { clients, server: inboundServer, ownPorts }, { admin, gateway });
  for (const listener of listeners.outbound) listener.start((accepted) => outbound.accept(accepted));
  listeners.inbound.start((accepted) => inbound.accept(accepted));
  return [outboundServer, inboundServer];
}

type Clients = ReturnType<typeof createClients>;

function createClients(core: Core) {
  const { config, families, log } = core;
  const open = (client: 'destination' | 'policy') => {
    const span = { name: 'controller', fields: { addr: `${config[client].host}:${config[client].port}` } };
    const of = { client, families, log: log.child(`linkerd_${client}`, span) };
    const status = createDiscoveryStatus(of);
    const { setReachable: onReachability } = status;
    const channel = createChannel(core, { ...of, address: config[client], onReachability });
    return { channel, status, limits: config.controlStream };
  };
  const ofDestination = open('destination');
  const ofPolicy = open('policy');
  const destination = createDestinationClient({
    ...ofDestination,
    contextToken: config.destinationContext,
    profileNetworks: config.profileNetworks,
    profileSuffixes: config.profileSuffixes,
  });
  const policy = createPolicyClient({
    ...ofPolicy,
    workload: config.policyWorkload,
    detectTimeoutMs: config.inbound.detectTimeoutMs,
    log,
  });
  const isConnected = () => ofDestination.status.isUp && ofPolicy.status.isUp;
  return rememberDiscovery({ ...destination, ...policy, isConnected });
}

interface DirectionParts {
  readonly clients: Clients;
  readonly server: HttpServer;
  readonly ownPorts: ReadonlySet<number>;
}

function createOutbound(
  { config, families, tracker, log, identity, tracing }: Core,
  parts: DirectionParts,
): { readonly outbound: Outbound; readonly gateway: Gateway } {
  const context: OutboundContext = {
    config: config.outbound,
    families,
    tracker,
    log: log.child('linkerd_app_outbound', { name: 'outbound' }),
    clock: systemClock,
    random: systemRandom,
    localIps: config.inboundIps,
    informationalHeaders: config.informationalHeaders,
    hostnameLabels: config.hostnameLabels,
    tracer: tracing?.outbound,
    inFlight: new InFlight(config.outbound.maxInFlight),
    currentTls: () => identity.current()!.context,
  };
  const balancers = new BalancerCache(context, parts.clients);
  const targets = new TargetCache(context, parts.clients, { balancers });
  const { server, ownPorts } = parts;
  return {
    outbound: new Outbound({ context, targets, server, ownPorts, ingressMode: config.ingressMode }),
    gateway: createGateway(
      config,
      context,
      new TargetCache(context, parts.clients, { balancers, routing: 'profile' }),
    ),
  };
}

function createGateway(
  { gatewaySuffixes: suffixes, identity }: ProxyConfig,
  context: OutboundContext,
  targets: TargetCache,
): Gateway {
  return new Gateway({ targets, context, suffixes, localName: identity.localName });
}

function createInbound(
  core: Core,
  parts: DirectionParts,
  { admin, gateway }: { readonly admin: Admin; readonly gateway: Gateway },
): Inbound {
  const { config, families, tracker, log } = core;
  const context = {
    config: config.inbound,
    families,
    tracker,
    log: log.child('linkerd_app_inbound', { name: 'inbound' }),
    inFlight: new InFlight(config.inbound.maxInFlight),
    accessLog: createAccessLog(core),
    tracer: core.tracing?.inbound,
    authorityLabels: config.metrics.authorityLabels,
  };
  const ports = new Ports({
    discovery: parts.clients,
    eager: listEagerPorts(config),
    idleTimeoutMs: config.inbound.discoveryIdleTimeoutMs,
    isConnected: parts.clients.isConnected,
    initialPolicy: (port) =>
      createDefaultServerPolicy({
        name: config.inboundDefaultPolicy,
        clusterNetworks: config.clusterNetworks,
        detectTimeoutMs: config.inbound.detectTimeoutMs,
        isOpaque: config.inboundOpaquePorts.has(port),
      }),
  });
  admin.enforce({ port: ports.acquire(config.adminListen.port), families, target: config.adminListen });
  return new Inbound({
    context,
    ports,
    apps: new AppClients(context),
    server: parts.server,
    terminator: core.terminator,
    directTerminator: core.directTerminator,
    localName: config.identity.localName,
    listenPort: config.inboundListen.port,
    localIps: config.inboundIps,
    ownPorts: parts.ownPorts,
    gateway,
  });
}

function createAccessLog({ config, families }: Core): AccessLog | undefined {
  if (config.accessLog === undefined) return undefined;
  const accessLog = new AccessLog(config.accessLog);
  registerAccessLog(families.modern, accessLog);
  return accessLog;
}

/** A gateway's clients are admitted by the policy of the proxy's own port. */
function listEagerPorts({ inboundPorts, adminListen, inboundListen, gatewaySuffixes }: ProxyConfig) {
  const gateway = gatewaySuffixes.list.length > 0 ? [inboundListen.port] : [];
  return [...inboundPorts, adminListen.port, ...gateway];
}
