import { createLogger } from '#lib/telemetry';
import type { StreamFailure } from '../http/exchange.ts';
import { InFlight } from '../http/in-flight.ts';
import { createFamilies } from '../metrics/families.ts';
import type { AcceptTls } from '../metrics/labels.ts';
import { TcpTracker } from '../metrics/tcp-series.ts';
import { directionConfig } from '../outbound/dispatch.testing.ts';
import { Call } from '../outbound/http-exchange.testing.ts';
import { defaultMeta } from '../policy/metadata.ts';
import type { Wire } from '../transport/wire.ts';
import { createDefaultServerPolicy } from './default-policy.ts';
import type { InboundConnection } from './http-handler.ts';
import { InboundPort } from './ports.ts';
import type { Authorization, InboundRoute, Network, ServerPolicy } from './server-policy.ts';

const ANYWHERE: readonly Network[] = [
  { net: { base: '0.0.0.0', prefixLength: 0 }, except: [] },
  { net: { base: '::', prefixLength: 0 }, except: [] },
];

export function authorizationOf(name: string, changes: Partial<Authorization> = {}): Authorization {
  return {
    meta: defaultMeta(name),
    networks: ANYWHERE,
    authentication: { kind: 'unauthenticated' },
    ...changes,
  };
}

export function routeOf(name: string, changes: Partial<InboundRoute> = {}): InboundRoute {
  return {
    meta: defaultMeta(name),
    hosts: [],
    authorizations: [],
    rules: [{ matches: [], filters: [] }],
    ...changes,
  };
}

export function openPolicy(changes: Partial<ServerPolicy> = {}): ServerPolicy {
  const policy = createDefaultServerPolicy({
    name: 'all-unauthenticated',
    clusterNetworks: [],
    detectTimeoutMs: 1000,
    isOpaque: false,
  });
  return { ...policy, ...changes };
}

export const TLS: AcceptTls = { kind: 'established', clientId: 'cart.shop' };
export const PLAIN: AcceptTls = { kind: 'none', reason: 'no_tls_from_remote' };

/** A connection to port 8080 whose app is a script. */
export function createConnection(
  options: { policy?: ServerPolicy; tls?: AcceptTls; ip?: string; maxInFlight?: number } = {},
) {
  const { policy = openPolicy(), tls = TLS, ip = '10.0.0.5', maxInFlight = 100_000 } = options;
  const calls: Call[] = [];
  const connects: { onConnected(wire: Wire): void; onFailed(failure: StreamFailure): void }[] = [];
  const lines: string[] = [];
  const identity = tls.kind === 'established' ? tls.clientId : undefined;
  const connection: InboundConnection = {
    client: { ip, isTls: tls.kind === 'established', identity },
    clientAddress: { host: ip, port: 4321 },
    tls,
    target: { host: '10.0.0.7', port: 8080 },
    port: new InboundPort(8080, policy),
    app: {
      request(head, end, response) {
        const call = new Call(head, end, response);
        calls.push(call);
        return call;
      },
      connect: (onConnected, onFailed) => {
        connects.push({ onConnected, onFailed });
      },
    },
    context: {
      config: directionConfig(),
      families: createFamilies(),
      tracker: new TcpTracker(),
      inFlight: new InFlight(maxInFlight),
      accessLog: undefined,
      tracer: undefined,
      authorityLabels: false,
      log: createLogger({ target: 'test', write: (line) => lines.push(line) }),
    },
  };
  return { connection, calls, connects, lines, families: connection.context.families };
}
