import { MAX_TIMER_MS } from '../config.ts';
import { TRANSPORT_ALPN } from '../contract.ts';
import { type ClientHello, parseClientHello } from '../detect/client-hello.ts';
import { detectHttp, type HttpDetection } from '../detect/detect-http.ts';
import { Sniffer } from '../detect/sniffer.ts';
import { readTransportHeader, type TransportHeader } from '../detect/transport-header.ts';
import type { Gateway } from '../gateway/gateway.ts';
import type { HttpServer } from '../http/http-server.ts';
import { type AcceptTls, acceptTlsLabels, serverLabels, targetLabels } from '../metrics/labels.ts';
import { TcpSeries } from '../metrics/tcp-series.ts';
import { traceHandler } from '../trace/traced-handler.ts';
import { formatAddress, type SocketAddress } from '../transport/address.ts';
import type { Accepted } from '../transport/listen.ts';
import { readOriginalDestination } from '../transport/socket-options.ts';
import type { TerminatedTls, TlsTerminator } from '../transport/tls-server.ts';
import type { Wire } from '../transport/wire.ts';
import type { AppClients } from './app-clients.ts';
import { type InboundConnection, InboundHandler } from './http-handler.ts';
import type { InboundContext } from './inbound-context.ts';
import type { InboundPort, Ports } from './ports.ts';
import { forwardToApp } from './tcp-gate.ts';

export interface InboundOptions {
  readonly context: InboundContext;
  readonly ports: Ports;
  readonly apps: AppClients;
  readonly server: HttpServer;
  /** Terminates TLS of the ports of the app: negotiates no ALPN. */
  readonly terminator: TlsTerminator;
  /** Terminates TLS of peers that dialled the proxy itself: negotiates the transport header. */
  readonly directTerminator: TlsTerminator;
  /** The SNI that is ours. */
  readonly localName: string;
  readonly listenPort: number;
  /** Addresses of this pod; empty accepts any. */
  readonly localIps: ReadonlySet<string>;
  /** Ports of the proxy itself beside the inbound one. */
  readonly ownPorts: ReadonlySet<number>;
  /** Takes what is meant for a name; one without suffixes refuses every name. */
  readonly gateway: Gateway;
}

type TlsSniff =
  | { readonly kind: 'mesh' }
  | { readonly kind: 'passthrough'; readonly sni: string }
  | { readonly kind: 'plain' };

const DETECT_LABEL = { http1: 'http/1', http2: 'http/2', 'not-http': 'not_http' } as const;

const SESSION_LABEL = { none: '', http1: 'http/1', http2: 'http/2' } as const;

/** Takes connections to the app of this pod. Source: facts sheet proxy-wire, sections 2.1 and 4. */
export class Inbound {
  readonly #options: InboundOptions;

  constructor(options: InboundOptions) {
    this.#options = options;
  }

  accept(accepted: Accepted): void {
    const { wire } = accepted;
    const destination = readOriginalDestination(accepted.fd, accepted.isIpv6) ?? this.#dialled(accepted);
    const { context, localIps, listenPort } = this.#options;
    if (localIps.size > 0 && !localIps.has(destination.host)) {
      context.log.warn('Server failed to accept connection', {
        'client.addr': formatAddress(accepted.client),
        error: 'inbound connections are not allowed on this IP address',
        ip: destination.host,
      });
      wire.reset();
      return;
    }
    if (destination.port === listenPort) this.#acceptDirect(accepted, destination);
    else this.#acceptPort(accepted, destination);
  }

  /** A connection that nothing redirected wanted the proxy itself. */
  #dialled(accepted: Accepted): SocketAddress {
    return { host: accepted.local, port: this.#options.listenPort };
  }

  #acquire(wire: Wire, number: number): InboundPort {
    const port = this.#options.ports.acquire(number);
    wire.socket.once('close', () => this.#options.ports.release(port));
    return port;
  }

  #acceptPort(accepted: Accepted, target: SocketAddress): void {
    const { wire, client } = accepted;
    const port = this.#acquire(wire, target.port);
    const connect = (tls: AcceptTls, on: Wire): InboundConnection =>
      this.#connectionOf({ client, tls, target, port, wire: on });
    if (port.policy.protocol.kind === 'opaque') {
      forwardToApp(wire, undefined, connect({ kind: 'none', reason: 'port_skipped' }, wire));
      return;
    }
    this.#sniffTls(wire, target, (sniff, bytes) => {
      if (sniff.kind === 'mesh') this.#terminate({ wire, bytes, target, port, client });
      else if (sniff.kind === 'passthrough')
        forwardToApp(wire, bytes, connect({ kind: 'passthrough', sni: sniff.sni }, wire));
      else this.#detect(wire, bytes, connect({ kind: 'none', reason: 'no_tls_from_remote' }, wire));
    });
  }

  #connectionOf(of: {
    client: SocketAddress;
    tls: AcceptTls;
    target: SocketAddress;
    port: InboundPort;
    wire: Wire;
  }): InboundConnection {
    const { context, apps } = this.#options;
    const { client, tls, target, port, wire } = of;
    const labels = {
      direction: 'inbound',
      peer: 'src',
      ...targetLabels(target),
      ...acceptTlsLabels(tls),
      ...serverLabels(port.policy.meta, target.port),
    };
    new TcpSeries(context.families, labels).track(context.tracker, wire);
    const identity = tls.kind === 'established' ? tls.clientId : undefined;
    return {
      client: { ip: client.host, isTls: tls.kind === 'established', identity },
      clientAddress: client,
      tls,
      target,
      port,
      app: apps.get(target),
      context,
    };
  }

  #sniffTls(wire: Wire, target: SocketAddress, decided: (sniff: TlsSniff, bytes: Buffer) => void): void {
    const { context, localName } = this.#options;
    wire.receiver = new Sniffer<TlsSniff>(wire, {
      timeoutMs: context.config.detectTimeoutMs,
      decide: (bytes) => {
        const hello: ClientHello = parseClientHello(bytes);
        if (hello.kind === 'incomplete') return undefined;
        if (hello.kind === 'not-tls' || hello.sni === undefined) return { kind: 'plain' };
        return hello.sni === localName ? { kind: 'mesh' } : { kind: 'passthrough', sni: hello.sni };
      },
      onDecided: decided,
      onTimeout: () => {
        context.families.inboundTcpErrors
          .with({ error: 'tls detection timeout', ...targetLabels(target) })
          .inc();
        wire.reset();
      },
      onEnded: () => wire.endAndClose(),
    });
  }

  #terminate(of: {
    wire: Wire;
    bytes: Buffer;
    target: SocketAddress;
    port: InboundPort;
    client: SocketAddress;
  }): void {
    const { target, port, client } = of;
    this.#options.terminator.terminate(of.wire, of.bytes, {
      onFailed: (message) => {
        this.#onTlsFailed(client, target, message);
        this.#countHttpTlsError(port, target);
      },
      onSecure: ({ wire, clientId }) => {
        const tls: AcceptTls = { kind: 'established', clientId };
        this.#detect(wire, undefined, this.#connectionOf({ client, tls, target, port, wire }));
      },
    });
  }

  /** A port that is not declared opaque may speak HTTP: whatever requests would have come are lost. */
  #countHttpTlsError({ policy }: InboundPort, target: SocketAddress): void {
    if (policy.protocol.kind === 'opaque' || policy.protocol.kind === 'tls') return;
    this.#options.context.families.inboundHttpErrors
      .with({ error: 'tls', ...targetLabels(target), ...serverLabels(policy.meta, target.port) })
      .inc();
  }

  #onTlsFailed(client: SocketAddress, target: SocketAddress, message: string): void {
    const { context } = this.#options;
    context.log.warn('TLS handshake failed', { 'client.addr': formatAddress(client), error: message });
    context.families.inboundTcpErrors.with({ error: 'i/o', ...targetLabels(target) }).inc();
  }

  /** Finds out what is spoken, as far as the policy leaves it open, and serves it. */
  #detect(wire: Wire, bytes: Buffer | undefined, connection: InboundConnection): void {
    const { protocol } = connection.port.policy;
    const isTls = connection.tls.kind === 'established';
    switch (protocol.kind) {
      case 'tls':
      case 'opaque':
        forwardToApp(wire, bytes, connection);
        return;
      case 'http2':
      case 'grpc':
        this.#serve({ wire, bytes, connection, version: 'http2' });
        return;
      case 'http1':
        if (!isTls) this.#serve({ wire, bytes, connection, version: 'http1' });
        // A peer's proxy may have upgraded the requests.
        else
          this.#sniffHttp({
            wire,
            bytes,
            connection,
            timeoutMs: this.#options.context.config.detectTimeoutMs,
            otherwise: 'http1',
          });
        return;
      case 'detect':
        this.#sniffHttp({
          wire,
          bytes,
          connection,
          timeoutMs: Math.min(protocol.timeoutMs, MAX_TIMER_MS),
          otherwise: 'opaque',
        });
        return;
    }
  }

  #sniffHttp(of: Sniff): void {
    const { wire, bytes, connection } = of;
    const { families } = this.#options.context;
    const startMs = performance.now();
    const server = serverLabels(connection.port.policy.meta, connection.target.port);
    const done = (result: string) => {
      families.inboundDetectSeconds.with(server).observe((performance.now() - startMs) / 1000);
      families.inboundDetectResults.with({ ...server, result }).inc();
    };
    const fallBack = (read: Buffer) => {
      if (of.otherwise === 'http1') this.#serve({ wire, bytes: read, connection, version: 'http1' });
      else forwardToApp(wire, read, connection);
    };
    wire.receiver = new Sniffer<HttpDetection>(wire, {
      timeoutMs: of.timeoutMs,
      decide: detectHttp,
      onDecided: (found, read) => {
        done(DETECT_LABEL[found]);
        if (found === 'not-http') fallBack(read);
        else this.#serve({ wire, bytes: read, connection, version: found });
      },
      onTimeout: (read) => {
        done('read_timeout');
        fallBack(read);
      },
      onEnded: () => {
        done('error');
        wire.endAndClose();
      },
    });
    if (bytes !== undefined) wire.receiver.onBytes(bytes);
  }

  #serve(of: {
    wire: Wire;
    bytes: Buffer | undefined;
    connection: InboundConnection;
    version: 'http1' | 'http2';
  }): void {
    const { wire, bytes, connection, version } = of;
    const handler = traceHandler(new InboundHandler(connection), connection.context.tracer);
    this.#options.server.serve(wire, version, handler);
    if (bytes !== undefined && bytes.length > 0) wire.receiver.onBytes(bytes);
  }

  /** A peer's proxy that dialled this one: mutual TLS and a transport header are demanded. */
  #acceptDirect(accepted: Accepted, dialled: SocketAddress): void {
    const { wire, client } = accepted;
    this.#sniffTls(wire, dialled, (sniff, bytes) => {
      if (sniff.kind !== 'mesh') {
        this.#refuseDirect(wire, client, 'direct connections must be mutually authenticated');
        return;
      }
      this.#options.directTerminator.terminate(wire, bytes, {
        onFailed: (message) => this.#onTlsFailed(client, dialled, message),
        onSecure: (terminated) => this.#readHeader(terminated, client, dialled),
      });
    });
  }

  #refuseDirect(wire: Wire, client: SocketAddress, error: string): void {
    this.#options.context.log.warn('Connection closed', { 'client.addr': formatAddress(client), error });
    wire.endAndClose();
  }

  #readHeader(terminated: TerminatedTls, client: SocketAddress, dialled: SocketAddress): void {
    const { wire, clientId, alpn } = terminated;
    const problem =
      clientId === undefined
        ? 'direct connections must be mutually authenticated'
        : alpn === TRANSPORT_ALPN
          ? undefined
          : 'direct connections require transport header negotiation';
    if (problem !== undefined) {
      this.#refuseDirect(wire, client, problem);
      return;
    }
    const tls: AcceptTls = { kind: 'established', clientId };
    wire.receiver = new Sniffer<TransportHeader | string>(wire, {
      timeoutMs: this.#options.context.config.detectTimeoutMs,
      decide: readTransportHeader,
      onDecided: (header, bytes) => {
        if (typeof header === 'string') this.#refuseDirect(wire, client, header);
        else this.#dispatch({ wire, header, client, tls, dialled, rest: bytes.subarray(header.bytes) });
      },
      onTimeout: () => this.#refuseDirect(wire, client, 'transport header timed out'),
      onEnded: () => wire.endAndClose(),
    });
  }

  #dispatch(of: Direct): void {
    const { wire, header, client, tls, dialled, rest } = of;
    const { context, ownPorts } = this.#options;
    context.families.transportHeaderConnections
      .with({
        session_protocol: SESSION_LABEL[header.sessionProtocol],
        target_port: String(header.port),
        target_name: header.name,
        client_id: tls.kind === 'established' ? (tls.clientId ?? '') : '',
      })
      .inc();
    if (header.name !== '') {
      this.#dispatchToGateway(of);
      return;
    }
    if (ownPorts.has(header.port)) {
      this.#refuseDirect(wire, client, 'the proxy is not a destination');
      return;
    }
    const port = this.#acquire(wire, header.port);
    const target = { host: dialled.host, port: header.port };
    const connection = this.#connectionOf({ client, tls, target, port, wire });
    const bytes = rest.length > 0 ? rest : undefined;
    if (header.sessionProtocol === 'none') forwardToApp(wire, bytes, connection);
    else this.#serve({ wire, bytes, connection, version: header.sessionProtocol });
  }

  /** The client is admitted, or not, by the policy of the port that was dialled: the proxy's own. */
  #dispatchToGateway({ wire, header, client, tls, dialled, rest }: Direct): void {
    const { gateway } = this.#options;
    const port = this.#acquire(wire, dialled.port);
    const connection = this.#connectionOf({ client, tls, target: dialled, port, wire });
    const bytes = rest.length > 0 ? rest : undefined;
    const name = { host: header.name.toLowerCase().replace(/\.$/, ''), port: header.port };
    if (header.sessionProtocol === 'none') gateway.forward(wire, { bytes, connection, name });
    else {
      const version = header.sessionProtocol;
      this.#serve({ wire, bytes, connection: gateway.connectHttp(wire, connection, name), version });
    }
  }
}

interface Direct {
  readonly wire: Wire;
  readonly header: TransportHeader;
  readonly client: SocketAddress;
  readonly tls: AcceptTls;
  readonly dialled: SocketAddress;
  /** What came after the header. */
  readonly rest: Buffer;
}

interface Sniff {
  readonly wire: Wire;
  readonly bytes: Buffer | undefined;
  readonly connection: InboundConnection;
  readonly timeoutMs: number;
  readonly otherwise: 'http1' | 'opaque';
}
