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

  waitIn(queue: ExchangeQueue): void {
    this.#queue = queue;
  }

  /** The connection has written the head; what waited follows it. */
  attach(connection: ExchangeCarrier): void {
    this.#queue = undefined;
    this.#connection = connection;
    const waiting = this.#waiting;
    if (waiting !== undefined) this.#sendWaiting(connection, waiting);
    if (this.#trailers !== undefined) connection.writeTrailers(this.#trailers);
  }

  #sendWaiting(connection: ExchangeCarrier, waiting: readonly Buffer[]): void {
    const last = waiting.length - 1;
    const ends = this.requestEnded && this.#trailers === undefined;
    for (let i = 0; i <= last; i++) {
      const chunk = waiting[i];
      if (chunk !== undefined && this.#connection === connection)
        connection.writeBody(chunk, ends && i === last);
    }
    this.#waiting = undefined;
  }

  detach(): void {
    this.#connection = undefined;
  }

  requestData(chunk: Buffer, end: boolean): void {
    if (this.requestEnded || (this.responseEnded && this.#connection === undefined)) return;
    this.requestEnded = end;
    if (this.#connection !== undefined) {
      this.#connection.writeBody(chunk, end);
      return;
    }
    this.#waiting ??= [];
    this.#waiting.push(Buffer.from(chunk));
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

  /** Ends the response with a failure; what else comes of the request is dropped. */
  fail(failure: StreamFailure): void {
    this.#queue = undefined;
    this.#connection = undefined;
    this.#waiting = undefined;
    if (this.responseEnded) return;
    this.responseEnded = true;
    this.response.responseFailed(failure);
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
