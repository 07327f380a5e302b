import type { PortSet, Service } from '#lib/resources';
import { DETECT_TIMEOUT_MS } from './default-server.ts';
import type { LoadBias } from './load-bias.ts';
import type {
  Backend,
  OpaqueRoute,
  OutboundHttp,
  OutboundPolicy,
  OutboundProtocol,
  SocketAddress,
} from './outbound-policy.ts';
import { referToDefault, referToService, type ServicePortName } from './reference.ts';
import type { ServiceSettings } from './service-settings.ts';

export interface OutboundConfig {
  readonly clusterDomain: string;
  /** For Services that do not list their own. */
  readonly defaultOpaquePorts: PortSet;
  readonly allowL5dRequestHeaders: boolean;
}

/** How to reach a port of a Service, its routes aside. Source: facts sheet control-plane, section 3.3. */
export function buildServicePolicy(
  service: Service,
  port: number,
  context: { readonly settings: ServiceSettings; readonly config: OutboundConfig },
): OutboundPolicy {
  const { settings, config } = context;
  const name = { namespace: service.metadata.namespace ?? '', name: service.metadata.name, port };
  const declared = service.spec.ports?.find((candidate) => candidate.port === port && isTcp(candidate));
  const parent = referToService(name);
  if (declared === undefined) return { parent, protocol: refuseEverything('undefined-port') };
  const isOpaque = (settings.opaquePorts ?? config.defaultOpaquePorts).has(port);
  const kind = chooseProtocol(declared.appProtocol, isOpaque);
  return { parent, protocol: buildProtocol(kind, { name, settings, config }) };
}

function isTcp({ protocol }: { readonly protocol?: string }): boolean {
  return protocol === undefined || protocol === 'TCP';
}

type ProtocolKind = OutboundProtocol['kind'];

/** A declared protocol beats the opaque ports; one that we do not know is opaque. */
function chooseProtocol(appProtocol: string | undefined, isOpaque: boolean): ProtocolKind {
  switch (appProtocol?.toLowerCase()) {
    case undefined:
    case '':
      return isOpaque ? 'opaque' : 'detect';
    case 'http':
      return 'http1';
    case 'kubernetes.io/h2c':
      return 'http2';
    default:
      return 'opaque';
  }
}

interface ServiceContext {
  readonly name: ServicePortName;
  readonly settings: ServiceSettings;
  readonly config: OutboundConfig;
}

function buildProtocol(kind: ProtocolKind, context: ServiceContext): OutboundProtocol {
  switch (kind) {
    case 'opaque':
      return { kind, route: buildOpaqueRoute(context) };
    case 'http1':
    case 'http2':
      return { kind, http: buildHttp(context) };
    case 'detect':
      return {
        kind,
        timeoutMs: DETECT_TIMEOUT_MS,
        http: buildHttp(context),
        opaque: buildOpaqueRoute(context),
      };
  }
}

function buildHttp(context: ServiceContext): OutboundHttp {
  const { settings, config } = context;
  const rule = {
    backends: [buildServiceBackend(context, settings.loadBias)],
    timeouts: settings.timeouts,
    retry: settings.httpRetry,
    allowL5dRequestHeaders: config.allowL5dRequestHeaders,
  };
  return {
    routes: [{ reference: referToDefault('http'), rules: [rule] }],
    failureAccrual: settings.failureAccrual,
  };
}

/** Failures of plain connections cannot be seen, so no bias. */
function buildOpaqueRoute(context: ServiceContext): OpaqueRoute {
  return { reference: referToDefault('opaq'), backend: buildServiceBackend(context, undefined) };
}

function buildServiceBackend({ name, config }: ServiceContext, bias: LoadBias | undefined): Backend {
  const path = `${name.name}.${name.namespace}.svc.${config.clusterDomain}:${name.port}`;
  return { reference: referToService(name), target: { kind: 'balance', path, bias } };
}

function refuseEverything(reason: string): OutboundProtocol {
  return { kind: 'opaque', route: { reference: referToDefault(reason), backend: undefined } };
}

/** What lies outside the cluster is reached where the application wanted to reach it. */
export function buildEgressFallback(address: SocketAddress): OutboundPolicy {
  const reference = referToDefault('egress-fallback');
  const backend: Backend = { reference, target: { kind: 'forward', address } };
  const rule = { backends: [backend], timeouts: {}, retry: undefined, allowL5dRequestHeaders: false };
  return {
    parent: reference,
    protocol: {
      kind: 'detect',
      timeoutMs: DETECT_TIMEOUT_MS,
      http: { routes: [{ reference, rules: [rule] }], failureAccrual: undefined },
      opaque: { reference, backend },
    },
  };
}
