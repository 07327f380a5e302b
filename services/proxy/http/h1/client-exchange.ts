import { H2_ERROR, type RequestSink, type ResponseSink, type StreamFailure } from '../exchange.ts';
import type { Field } from '../field.ts';
import type { RequestHead } from '../head.ts';

/** Who holds an exchange that has no connection yet. */
export interface ExchangeQueue {
  abandon(exchange: ClientExchange): void;
}

/** The connection that carries an exchange. */
export interface ExchangeCarrier {
  writeBody(chunk: Buffer, end: boolean): void;
  writeTrailers(fields: readonly Field[]): void;
  creditResponse(bytes: number): void;
  /** The request has been given up. */
  abandon(): void;
}

/** One request to an endpoint. Until a connection takes it, the body that comes waits here; no credit is given. */
export class ClientExchange implements RequestSink {
  readonly head: RequestHead;
  readonly response: ResponseSink;
  requestEnded: boolean;
  responseEnded = false;
  /** Has no body at all. */
  readonly bodiless: boolean;
  #queue: ExchangeQueue | undefined;
  #connection: ExchangeCarrier | undefined = undefined;
  #waiting: Buffer[] | undefined = undefined;
  #trailers: readonly Field[] | undefined = undefined;

  constructor(head: RequestHead, end: boolean, response: ResponseSink) {
    this.head = head;
    this.response = response;
    this.bodiless = end;
    this.requestEnded = end;
    this.#queue = undefined;
  }

  get over(): boolean {
    return this.requestEnded && this.responseEnded;
  }

  /** Both sides write bytes from now on: the request, which had ended, begins anew. */
  openTunnel(): void {
    this.requestEnded = false;
  }

  waitIn(queue: ExchangeQueue): void {
    this.#queue = queue;
  }

  /** The connection has written the head; what waited follows it. */
  attach(connection: ExchangeCarrier): void {
    this.#queue = undefined;
    this.#connection = connection;
    const waiting = this.#waiting;
    if (waiting !== undefined) this.#sendWaiting(connection, waiting);
    if (this.#trailers !== undefined && this.#connection === connection)
      connection.writeTrailers(this.#trailers);
  }

  #sendWaiting(connection: ExchangeCarrier, waiting: readonly Buffer[]): void {
    this.#waiting = undefined;
    const last = waiting.length - 1;
    const ends = this.requestEnded && this.#trailers === undefined;
    for (const [index, chunk] of waiting.entries()) {
      if (this.#connection === connection) connection.writeBody(chunk, ends && index === last);
      else this.response.requestCredit(chunk.length);
    }
  }

  detach(): void {
    this.#connection = undefined;
  }

  requestData(chunk: Buffer, end: boolean): void {
    if (this.requestEnded) return;
    this.requestEnded = end;
    if (this.#connection !== undefined) this.#connection.writeBody(chunk, end);
    else if (this.responseEnded) this.response.requestCredit(chunk.length);
    else {
      this.#waiting ??= [];
      this.#waiting.push(Buffer.from(chunk));
    }
  }

  requestTrailers(fields: readonly Field[]): void {
    if (this.requestEnded) return;
    this.requestEnded = true;
    if (this.#connection !== undefined) this.#connection.writeTrailers(fields);
    else this.#trailers = fields;
  }

  requestCancelled(_code: number): void {
    if (this.over) return;
    this.requestEnded = true;
    this.responseEnded = true;
    this.#waiting = undefined;
    this.#queue?.abandon(this);
    this.#queue = undefined;
    this.#connection?.abandon();
  }

  responseCredit(bytes: number): void {
    if (!this.responseEnded) this.#connection?.creditResponse(bytes);
  }

  /** Ends the response with a failure; what waits and what else comes of the request is dropped, and credited. */
  fail(failure: StreamFailure): void {
    this.#queue = undefined;
    this.#connection = undefined;
    this.#dropWaiting();
    if (this.responseEnded) return;
    this.responseEnded = true;
    this.response.responseFailed(failure);
  }

  #dropWaiting(): void {
    if (this.#waiting === undefined) return;
    let bytes = 0;
    for (const chunk of this.#waiting) bytes += chunk.length;
    this.#waiting = undefined;
    this.response.requestCredit(bytes);
  }
}

/** A failure of the connection; `unprocessed` if the peer never saw a byte of the request. */
export function ioFailure(message: string, unprocessed: boolean): StreamFailure {
  return {
    kind: 'io',
    code: unprocessed ? H2_ERROR.refusedStream : H2_ERROR.internalError,
    message,
    unprocessed,
  };
}

export function protocolFailure(message: string): StreamFailure {
  return { kind: 'protocol', code: H2_ERROR.protocolError, message, unprocessed: false };
}
