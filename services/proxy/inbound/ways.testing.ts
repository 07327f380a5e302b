import { createServer, type Server } from 'node:http';
import { createServer as createTcpServer, type Socket } from 'node:net';
import { systemClock } from '#lib/base';
import { type DirectionConfig, Suffixes } from '../config.ts';
import { TRANSPORT_ALPN } from '../contract.ts';
import { detectHttp, type HttpDetection } from '../detect/detect-http.ts';
import { Sniffer } from '../detect/sniffer.ts';
import { Gateway } from '../gateway/gateway.ts';
import type { RequestHandler, ResponseSink } from '../http/exchange.ts';
import { listenOn } from '../http/h1/loopback.fixture.ts';
import { HttpServer } from '../http/http-server.ts';
import { InFlight } from '../http/in-flight.ts';
import { createTestAuthority } from '../identity/authority.testing.ts';
import type { AcceptTls } from '../metrics/labels.ts';
import { BalancerCache } from '../outbound/balancer-cache.ts';
import type { HttpPolicy } from '../outbound/client-policy.ts';
import { bareEndpoint } from '../outbound/default-policy.ts';
import type { TargetCache } from '../outbound/discovery/target-cache.ts';
import { createTestContext, directionConfig, serviceMeta } from '../outbound/dispatch.testing.ts';
import type { OutboundContext } from '../outbound/dispatch-context.ts';
import type { Endpoint } from '../outbound/endpoint.ts';
import { Call, createFakeBackend } from '../outbound/http-exchange.testing.ts';
import { OutboundHandler } from '../outbound/outbound-handler.ts';
import { HttpRouter } from '../outbound/route/http-router.ts';
import { traceHandler } from '../trace/traced-handler.ts';
import type { Tracer } from '../trace/tracer.ts';
import { CLIENT, contextOf, dialRaw, listen, SERVER, until } from '../transport/loopback.testing.ts';
import { createTerminator } from '../transport/tls-server.ts';
import type { Wire } from '../transport/wire.ts';
import { AppClients } from './app-clients.ts';
import { createConnection, openPolicy, PLAIN } from './connection.testing.ts';
import { InboundHandler } from './http-handler.ts';
import { Inbound } from './inbound.ts';
import type { InboundContext } from './inbound-context.ts';
import { InboundPort, type Ports } from './ports.ts';
import type { ServerPolicy } from './server-policy.ts';

/**
 * The three ways of a request over real sockets: by the inbound proxy alone (from an unmeshed client), by the outbound
 * one alone (to an unmeshed server), and by both with mTLS between them.
 */
export const WAYS = ['inbound', 'outbound', 'mesh'] as const;
export type Way = (typeof WAYS)[number];

export interface WayOptions {
  readonly config?: Partial<DirectionConfig>;
  readonly policy?: ServerPolicy;
  /** Changes what discovery says of the server. */
  readonly endpoint?: Partial<Endpoint>;
  /** The server is one of those behind a Service, not one that was asked for by its address. */
  readonly isBalanced?: boolean;
  /** Changes what the policy says; undefined for a destination that speaks no HTTP. */
  readonly http?: (plain: HttpPolicy) => HttpPolicy | undefined;
  readonly informationalHeaders?: boolean;
  /** Discovery has no endpoints. */
  readonly isEmpty?: boolean;
  /** What the client has proved to the inbound proxy. */
  readonly tls?: AcceptTls;
  /** Answers in the app's place, by way of one proxy. */
  readonly script?: (response: ResponseSink) => void;
  /** The endpoint of the script takes HTTP/1 by HTTP/2. */
  readonly upgrades?: boolean;
  /** Makes spans of the requests. */
  readonly tracers?: Readonly<Record<'inbound' | 'outbound', Tracer>>;
}

export interface OpenWay {
  /** Where the client connects to: it speaks HTTP/1 or HTTP/2. */
  readonly port: number;
  readonly outbound: OutboundContext;
  readonly inbound: InboundContext;
}

/** Slow machines connect slowly. */
const CONNECT = { timeoutMs: 5000, keepAliveMs: 0, userTimeoutMs: 0 };
/** Local, and none of the loopback addresses that the outbound proxy refuses to dial. */
const HERE = '0.0.0.0';

const authority = createTestAuthority();

/** Opens a way to the app; `closeLoopback` closes it. */
export async function openWay(way: Way, appPort: number, options: WayOptions = {}): Promise<OpenWay> {
  const config = directionConfig({ connect: CONNECT, ...options.config });
  const { connection } = createConnection();
  const inbound: InboundContext = {
    ...connection.context,
    config,
    tracer: options.tracers?.inbound,
    inFlight: new InFlight(config.maxInFlight),
  };
  const outbound: OutboundContext = {
    ...createTestContext({ informationalHeaders: options.informationalHeaders ?? true }),
    config,
    tracer: options.tracers?.outbound,
    clock: systemClock,
    inFlight: new InFlight(config.maxInFlight),
    currentTls: () => contextOf(authority, CLIENT),
  };
  if (way === 'inbound') {
    const handler = () => createInboundHandler(inbound, appPort, options);
    return { port: await serve(handler), outbound, inbound };
  }
  const meshed = way === 'mesh' ? await meshWith(inbound, options.policy) : {};
  const endpoint = {
    ...bareEndpoint({ host: HERE, port: appPort }),
    ...meshed,
    ...options.endpoint,
  };
  return { port: await serve(createOutboundHandlers(outbound, endpoint, options)), outbound, inbound };
}

/** Serves HTTP of either version by one handler. */
export function serveHandler(handler: RequestHandler): Promise<number> {
  return serve(() => handler);
}

/** Serves HTTP of either version on a port of this machine. */
async function serve(handlerOf: (version: 'http1' | 'http2') => RequestHandler): Promise<number> {
  const server = new HttpServer({ keepAlive: undefined, maxConcurrentStreams: undefined });
  const start = (wire: Wire, version: 'http1' | 'http2', bytes: Buffer) => {
    server.serve(wire, version, handlerOf(version));
    wire.receiver.onBytes(bytes);
  };
  const listener = await listen(({ wire }) => {
    wire.receiver = new Sniffer<HttpDetection>(wire, {
      timeoutMs: 500,
      decide: detectHttp,
      onDecided: (found, bytes) => start(wire, found === 'http2' ? found : 'http1', bytes),
      onTimeout: (bytes) => start(wire, 'http1', bytes),
      onEnded: () => wire.endAndClose(),
    });
  });
  return listener.address.port;
}

function createInboundHandler(context: InboundContext, appPort: number, options: WayOptions) {
  const { policy = openPolicy(), tls = PLAIN, script } = options;
  const { connection } = createConnection({ tls, policy });
  const target = { host: '127.0.0.1', port: appPort };
  const app = new AppClients(context).get(target);
  if (script !== undefined) {
    app.request = (head, end, response) => {
      setImmediate(() => script(response));
      return new Call(head, end, response);
    };
  }
  return traceHandler(new InboundHandler({ ...connection, context, target, app }), context.tracer);
}

function createOutboundHandlers(context: OutboundContext, endpoint: Endpoint, options: WayOptions) {
  const meta = serviceMeta('web');
  const load = { defaultRttMs: 30, decayMs: 10_000 };
  const dispatcher = options.isBalanced
    ? ({ kind: 'balancer', path: 'web.shop.svc.cluster.local:80', load } as const)
    : ({ kind: 'forward', endpoint } as const);
  const distribution = { kind: 'first-available', backends: [{ meta, dispatcher }] } as const;
  const routes = [{ meta, hosts: [], rules: [{ matches: [], distribution, failure: undefined }] }];
  const policy: HttpPolicy = { routes, failureAccrual: undefined };
  const watch = { close() {} };
  const balancers = new BalancerCache(context, {
    watchEndpoints(_path, onUpdate) {
      onUpdate({ kind: 'reset', endpoints: options.isEmpty ? [] : [endpoint] });
      return watch;
    },
    isConnected: () => true,
    watchPolicy: () => watch,
    watchProfile: () => watch,
  });
  const changed = options.http === undefined ? policy : options.http(policy);
  const routerOf = (version: 'http1' | 'http2') =>
    changed === undefined
      ? undefined
      : new HttpRouter({
          parent: meta,
          policy: changed,
          version,
          logical: '10.0.0.1:80',
          balancers: options.script === undefined ? balancers : scriptedBackend(context, endpoint, options),
          context,
        });
  const routers = { http1: routerOf('http1'), http2: routerOf('http2') };
  const target = {
    address: { host: '10.0.0.1', port: 80 },
    http: (version: 'http1' | 'http2') => routers[version],
  };
  return (version: 'http1' | 'http2') =>
    traceHandler(new OutboundHandler(target, version, context), context.tracer);
}

/** A backend whose one endpoint answers by script. */
function scriptedBackend(context: OutboundContext, endpoint: Endpoint, { script, upgrades }: WayOptions) {
  const backend = createFakeBackend(context, [endpoint]);
  for (const fake of backend.endpoints) {
    fake.upgrades = upgrades ?? false;
    fake.onRequest = ({ response }) => setImmediate(() => script?.(response));
  }
  return { leaseHttp: () => backend.lease };
}

/** A proxy of the server that is dialled itself; returns what discovery says of it. */
async function meshWith(context: InboundContext, policy = openPolicy()): Promise<Partial<Endpoint>> {
  const server = contextOf(authority, SERVER);
  const [terminator, directTerminator] = [createTerminator(undefined), createTerminator([TRANSPORT_ALPN])];
  terminator.setContext(server);
  directTerminator.setContext(server);
  const ports: Pick<Ports, 'acquire' | 'release'> = {
    acquire: (number) => new InboundPort(number, policy),
    release() {},
  };
  let inbound: Inbound | undefined;
  const listener = await listen((accepted) => inbound?.accept(accepted));
  const listenPort = listener.address.port;
  inbound = new Inbound({
    context,
    // What it uses of them.
    ports: ports as Ports,
    apps: new AppClients(context),
    server: new HttpServer({ keepAlive: undefined, maxConcurrentStreams: undefined }),
    terminator,
    directTerminator,
    localName: SERVER,
    listenPort,
    localIps: new Set(),
    ownPorts: new Set(),
    gateway: createNoGateway(),
  });
  return { tls: { serverId: SERVER, serverName: SERVER }, hint: 'h2', opaqueTransportPort: listenPort };
}

function createNoGateway(): Gateway {
  const targets: Pick<TargetCache, 'acquire' | 'release'> = {
    acquire({ host }) {
      throw new Error(`${host} has a suffix of none`);
    },
    release() {},
  };
  return new Gateway({
    targets,
    context: createTestContext(),
    suffixes: new Suffixes([]),
    localName: SERVER,
  });
}

const closers: (() => void)[] = [];

/** Closes the apps. */
export function closeApps(): void {
  for (const close of closers.splice(0)) close();
}

/** An app that is a script: `onData` gets what has come on a connection so far. */
export async function startRawApp(
  onData: (socket: Socket, text: string) => void,
): Promise<{ readonly port: number; readonly sockets: Socket[]; readonly received: string[] }> {
  const sockets: Socket[] = [];
  const received: string[] = [];
  const server = createTcpServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    const at = sockets.push(socket) - 1;
    received.push('');
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      received[at] += chunk.toString('latin1');
      onData(socket, received[at] ?? '');
    });
  });
  closers.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: await listenOn(server), sockets, received };
}

/** An app on Node's own server. */
export async function startNodeApp(listener: Parameters<typeof createServer>[1]): Promise<{
  readonly port: number;
  readonly server: Server;
}> {
  const server = createServer(listener);
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port: await listenOn(server), server };
}

/** A client that writes what it likes. */
export class RawClient {
  readonly socket: Socket;
  text = '';
  ended = false;
  wasReset = false;

  constructor(port: number) {
    this.socket = dialRaw(port);
    this.socket.on('data', (chunk) => {
      this.text += chunk.toString('latin1');
    });
    this.socket.on('end', () => {
      this.ended = true;
    });
    this.socket.on('error', () => {
      this.wasReset = true;
    });
  }

  send(text: string): void {
    this.socket.write(text, 'latin1');
  }

  /** Waits until what has come matches; gives it back without the dates. */
  async receive(pattern: RegExp): Promise<string> {
    await until(() => pattern.test(this.text), `${pattern} in ${JSON.stringify(this.text)}`, 8000);
    return this.text.replace(/date: [^\r]+\r\n/g, '');
  }

  /** Waits for the end; gives back all that has come, without the dates. */
  async receiveAll(): Promise<string> {
    await until(() => this.ended || this.wasReset, `the end of ${JSON.stringify(this.text)}`, 8000);
    return this.text.replace(/date: [^\r]+\r\n/g, '');
  }
}
