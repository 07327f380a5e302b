import type { HttpClient, RequestSink, ResponseSink, StreamFailure } from '../http/exchange.ts';
import type { Field } from '../http/field.ts';
import { H1ClientPool } from '../http/h1/client-pool.ts';
import { H2ClientConnection } from '../http/h2/client-connection.ts';
import type { RequestHead } from '../http/head.ts';
import { VERSION } from '../http/head.ts';
import { targetLabels } from '../metrics/labels.ts';
import { TcpSeries } from '../metrics/tcp-series.ts';
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
    const connector = { connect: this.connect.bind(this) };
    const options = {
      idleTicks: Math.max(1, Math.round(config.poolIdleTimeoutMs / 1000)),
      maxIdle: config.maxIdlePerEndpoint,
    };
    this.#h1 = new H1ClientPool(connector, options);
    this.#h1Absolute = new H1ClientPool(connector, options);
    this.#h2 = new AppH2((onConnected, onFailed) => this.connect(onConnected, onFailed));
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
    if (head.version === VERSION.http2) return this.#h2.request(head, end, response);
    return (head.absoluteForm ? this.#h1Absolute : this.#h1).request(head, end, response);
  }

  close(): void {
    this.#h1.close();
    this.#h1Absolute.close();
    this.#h2.close();
  }
}

type Connect = (onConnected: (wire: Wire) => void, onFailed: (failure: StreamFailure) => void) => void;

/** One HTTP/2 connection to the app, made when first asked for; requests wait while it is made. */
class AppH2 implements HttpClient {
  readonly #connect: Connect;
  #connection: H2ClientConnection | undefined;
  #connecting = false;
  readonly #waiting: WaitingRequest[] = [];

  constructor(connect: Connect) {
    this.#connect = connect;
  }

  request(head: RequestHead, end: boolean, response: ResponseSink): RequestSink {
    if (this.#connection !== undefined) return this.#connection.request(head, end, response);
    const waiting = new WaitingRequest(head, end, response);
    this.#waiting.push(waiting);
    if (!this.#connecting) this.#open();
    return waiting;
  }

  #open(): void {
    this.#connecting = true;
    this.#connect(
      (wire) => {
        this.#connecting = false;
        const connection = new H2ClientConnection(wire, {
          onStateChange: (state) => {
            if (state !== 'open' && this.#connection === connection) this.#connection = undefined;
          },
        });
        this.#connection = connection;
        for (const waiting of this.#waiting.splice(0)) waiting.start(connection);
      },
      (failure) => {
        this.#connecting = false;
        for (const waiting of this.#waiting.splice(0)) waiting.fail(failure);
      },
    );
  }

  close(): void {
    this.#connection?.shutdown();
  }
}

/** A request whose connection is being made; its body is bounded by the credit that is not given. */
class WaitingRequest implements RequestSink {
  readonly #head: RequestHead;
  readonly #response: ResponseSink;
  #sink: RequestSink | undefined;
  #chunks: Buffer[] = [];
  #trailers: readonly Field[] | undefined;
  #ended: boolean;
  #over = false;

  constructor(head: RequestHead, end: boolean, response: ResponseSink) {
    this.#head = head;
    this.#ended = end;
    this.#response = response;
  }

  start(client: HttpClient): void {
    if (this.#over) return;
    const hasBody = this.#chunks.length > 0 || this.#trailers !== undefined;
    const sink = client.request(this.#head, this.#ended && !hasBody, this.#response);
    this.#sink = sink;
    const last = this.#chunks.length - 1;
    for (const [index, chunk] of this.#chunks.entries()) {
      sink.requestData(chunk, this.#ended && this.#trailers === undefined && index === last);
    }
    if (this.#trailers !== undefined) sink.requestTrailers(this.#trailers);
    this.#chunks = [];
  }

  fail(failure: StreamFailure): void {
    if (!this.#over) this.#response.responseFailed(failure);
  }

  requestData(chunk: Buffer, end: boolean): void {
    if (this.#sink !== undefined) {
      this.#sink.requestData(chunk, end);
      return;
    }
    this.#ended = end;
    this.#chunks.push(Buffer.from(chunk));
  }

  requestTrailers(fields: readonly Field[]): void {
    if (this.#sink !== undefined) this.#sink.requestTrailers(fields);
    else {
      this.#ended = true;
      this.#trailers = fields;
    }
  }

  requestCancelled(code: number): void {
    this.#over = true;
    this.#sink?.requestCancelled(code);
  }

  responseCredit(bytes: number): void {
    this.#sink?.responseCredit(bytes);
  }
}
