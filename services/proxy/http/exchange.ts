import type { Field } from './field.ts';
import type { RequestHead, ResponseHead } from './head.ts';

/**
 * One request and its response, between a server codec (which reads requests and writes responses) and a client
 * codec (which writes requests and reads responses). The service in the middle implements both sinks and passes
 * on. Nothing here is a promise or a stream: every method is a plain call in the turn the bytes came.
 *
 *     server codec ── handle(head) ──► service ── request(head) ──► client codec
 *                  ── RequestSink ───►         ── RequestSink ───►
 *                  ◄── ResponseSink ──         ◄── ResponseSink ──
 *
 * Body chunks are lent: whoever needs them after the call returns copies them.
 *
 * Flow control is by credit. A codec reads body bytes freely up to its window; whoever takes body bytes gives
 * credit back when they have gone on (were accepted by a wire whose backlog is below its limit). A server codec
 * gets `requestCredit`, a client codec `responseCredit`, in bytes of body. Every byte is credited once, also one that
 * is thrown away or that ended its body: an HTTP/2 connection whose bytes are never credited runs dry.
 *
 * Ends: exactly one of {end flag, trailers, cancelled/failed} ends each direction. After `requestCancelled` no
 * ResponseSink method is called any more; after `responseFailed` or the end of the response no ResponseSink
 * method is called any more (the request side may go on until its end, and `requestCredit` with it; likewise
 * `responseCredit` may come after the end of the response).
 *
 * Tunnels: a head that `opensTunnel` (101, or 2xx to CONNECT, in HTTP/1) makes the exchange carry bytes. The request,
 * which has ended, begins anew; `requestData` and `responseData` are what either side writes, and their ends its FIN.
 */
export interface RequestSink {
  requestData(chunk: Buffer, end: boolean): void;
  /** Ends the request. */
  requestTrailers(fields: readonly Field[]): void;
  /** The client is gone or reset the stream; `code` is an HTTP/2 error code (RFC 9113 section 7). */
  requestCancelled(code: number): void;
  responseCredit(bytes: number): void;
}

export interface ResponseSink {
  /** A response for the meantime (1xx but 101), before the head; a codec that has none to send leaves it out. */
  responseInterim?(head: ResponseHead): void;
  responseHead(head: ResponseHead, end: boolean): void;
  responseData(chunk: Buffer, end: boolean): void;
  /** Ends the response. */
  responseTrailers(fields: readonly Field[]): void;
  /**
   * No (further) response will come. To a server codec: before a head it is a bug of the service (which must
   * have made a synthetic response); after a head the stream is reset, or the HTTP/1 connection closed, mid-body.
   */
  responseFailed(failure: StreamFailure): void;
  requestCredit(bytes: number): void;
}

/** Why a stream ended without a whole response. */
export interface StreamFailure {
  /** `slow`: the response was not read, and held up those of others. */
  readonly kind: 'connect' | 'connect-timeout' | 'reset' | 'goaway' | 'io' | 'protocol' | 'slow';
  /** The HTTP/2 error code, for `reset` and for what a server codec should send. */
  readonly code: number;
  readonly message: string;
  /** The peer certainly did nothing with the request: it may be sent again. */
  readonly unprocessed: boolean;
}

/** Handles the requests of one server connection. */
export interface RequestHandler {
  /**
   * Takes a request; `end` says that it has no body. Returns where its body goes. May answer `response` at once.
   */
  handleRequest(head: RequestHead, end: boolean, response: ServerResponse): RequestSink;
  /** The connection is over; every open exchange has been cancelled before. */
  handleClosed?(): void;
}

/** What a service may do with a response beyond sending it. */
export interface ServerResponse extends ResponseSink {
  /** Ask for the connection to be closed gracefully after this response (HTTP/1 `connection: close`, GOAWAY). */
  closeAfter(): void;
}

/** A client codec, or a pool of them, to one endpoint. */
export interface HttpClient {
  /** Sends a request; `end` says that it has no body. Failures come to `response.responseFailed`, never thrown. */
  request(head: RequestHead, end: boolean, response: ResponseSink): RequestSink;
}

/** HTTP/2 error codes (RFC 9113 section 7). */
export const H2_ERROR = {
  noError: 0,
  protocolError: 1,
  internalError: 2,
  flowControlError: 3,
  settingsTimeout: 4,
  streamClosed: 5,
  frameSizeError: 6,
  refusedStream: 7,
  cancel: 8,
  compressionError: 9,
  connectError: 10,
  enhanceYourCalm: 11,
  inadequateSecurity: 12,
  http11Required: 13,
} as const;
