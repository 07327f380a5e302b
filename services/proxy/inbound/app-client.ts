import type { Http2Windows } from '../config.ts';
import type { HttpClient, RequestSink, ResponseSink, StreamFailure } from '../http/exchange.ts';
import { H1ClientPool } from '../http/h1/client-pool.ts';
import { H2ClientConnection } from '../http/h2/client-connection.ts';
import { createClientConfig, type H2Config } from '../http/h2/config.ts';
import type { RequestHead } from '../http/head.ts';
import { VERSION } from '../http/head.ts';
import { WaitingRequest } from '../http/waiting-request.ts';
import { targetLabels } from '../metrics/labels.ts';
import { TcpSeries } from '../metrics/tcp-series.ts';
import { TracedExchange } from '../trace/traced-exchange.ts';
import type { SocketAddress } from '../transport/address.ts';
import { adoptSocket } from '../transport/adopt-socket.ts';
import { connectTcp } from '../transport/connect.ts';
import type { Wire } from '../transport/wire.ts';
import type { InboundContext } from './inbound-context.ts';

/** The app behind one port: HTTP/1 by a pool, HTTP/2 by one connection, opaque bytes by connections of their own. */
export class AppClient implements HttpClient {
  readonly address: SocketAddress;
  readonly #context: InboundContext;
  readonly #tcp: TcpSeries;
  readonly #h1: H1ClientPool;
  /** Absolute-form requests keep to connections of their own. */
  readonly #h1Absolute: H1ClientPool;
  readonly #h2: AppH2;
  readonly #maxWaiting: number;

  constructor(address: SocketAddress, context: InboundContext) {
    this.address = address;
    this.#context = context;
    this.#tcp = new TcpSeries(context.families, {
      direction: 'inbound',
      peer: 'dst',
      ...targetLabels(address),
      tls: 'no_identity',
      no_tls_reason: 'loopback',
    });
    const { config } = context;
    this.#maxWaiting = config.queueCapacity;
    const connector = { connect: this.connect.bind(this) };
    const options = {
      idleTicks: Math.max(1, Math.round(config.poolIdleTimeoutMs / 1000)),
      maxIdle: config.maxIdlePerEndpoint,
    };
    this.#h1 = new H1ClientPool(connector, options);
    this.#h1Absolute = new H1ClientPool(connector, options);
    this.#h2 = new AppH2(
      (onConnected, onFailed) => this.connect(onConnected, onFailed),
      config.clientWindows,
    );
  }

  /** Opens a plain connection to the app. */
  connect(onConnected: (wire: Wire) => void, onFailed: (failure: StreamFailure) => void): void {
    connectTcp(this.address, this.#context.config.connect, {
      onFailed,
      onConnected: (socket, feed) => {
        const wire = adoptSocket(socket, feed);
        this.#tcp.track(this.#context.tracker, wire);
        onConnected(wire);
      },
    });
  }

  request(head: RequestHead, end: boolean, response: ResponseSink): RequestSink {
    const span = this.#context.tracer?.start('client', head);
    if (span === undefined) return this.#send(head, end, response);
    const exchange = new TracedExchange(span, response);
    return exchange.begin(this.#send(span.head, end, exchange));
  }

  #send(head: RequestHead, end: boolean, response: ResponseSink): RequestSink {
    if (head.version === VERSION.http2) return this.#h2.request(head, end, response);
    return (head.absoluteForm ? this.#h1Absolute : this.#h1).request(head, end, response);
  }

  /** As many requests wait for a connection as may. */
  get isFull(): boolean {
    const waiting = this.#h1.waitingRequests + this.#h1Absolute.waitingRequests + this.#h2.waitingRequests;
    return waiting >= this.#maxWaiting;
  }

  close(): void {
    this.#h1.close();
    this.#h1Absolute.close();
    this.#h2.close();
  }
}

type Connect = (onConnected: (wire: Wire) => void, onFailed: (failure: StreamFailure) => void) => void;

interface AppRequest {
  readonly waiting: WaitingRequest;
  readonly head: RequestHead;
  readonly response: ResponseSink;
}

/** One HTTP/2 connection to the app, made when first asked for; requests wait while it is made. */
class AppH2 implements HttpClient {
  readonly #connect: Connect;
  readonly #config: H2Config;
  #connection: H2ClientConnection | undefined;
  #connecting = false;
  readonly #waiting: AppRequest[] = [];

  constructor(connect: Connect, windows: Http2Windows) {
    this.#connect = connect;
    this.#config = createClientConfig(windows);
  }

  get waitingRequests(): number {
    return this.#waiting.length;
  }

  request(head: RequestHead, end: boolean, response: ResponseSink): RequestSink {
    if (this.#connection !== undefined) return this.#connection.request(head, end, response);
    const waiting = new WaitingRequest(end);
    this.#waiting.push({ waiting, head, response });
    if (!this.#connecting) this.#open();
    return waiting;
  }

  #open(): void {
    this.#connecting = true;
    this.#connect(
      (wire) => {
        this.#connecting = false;
        const connection = new H2ClientConnection(wire, {
          config: this.#config,
          onStateChange: (state) => {
            if (state !== 'open' && this.#connection === connection) this.#connection = undefined;
          },
        });
        this.#connection = connection;
        for (const { waiting, head, response } of this.#waiting.splice(0)) {
          waiting.start((end) => connection.request(head, end, response));
        }
      },
      (failure) => {
        this.#connecting = false;
        for (const { waiting, response } of this.#waiting.splice(0)) {
          if (!waiting.isCancelled) response.responseFailed(failure);
        }
      },
    );
  }

  close(): void {
    this.#connection?.shutdown();
  }
}
