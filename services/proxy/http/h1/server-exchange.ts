import { BACKLOG_LIMIT_BYTES, type Wire } from '../../transport/wire.ts';
import { dateField } from '../date.ts';
import type { RequestSink, ServerResponse, StreamFailure } from '../exchange.ts';
import type { Field } from '../field.ts';
import { opensTunnel, type ResponseHead, UNKNOWN_LENGTH, VERSION } from '../head.ts';
import type { BodyWriter } from './body-writer.ts';
import { BODY } from './framing.ts';
import {
  CHUNKED_LINE,
  CLOSE_LINE,
  HEAD_END,
  hasDate,
  KEEP_ALIVE_LINE,
  NO_CONTENT_LINE,
  renderOldResponse,
  renderResponse,
  renderTunnel,
} from './render.ts';
import type { RequestMessage } from './request.ts';

/** What an exchange needs of the connection it runs on. */
export interface ExchangeOwner {
  readonly wire: Wire;
  readonly body: BodyWriter;
  /** The connection ends after the current exchange. */
  readonly closing: boolean;
  creditRequest(bytes: number): void;
  /** The head that opens a tunnel has been written. */
  openTunnel(exchange: ServerExchange): void;
  /** The response is over; `aborted` if it is not whole. */
  endResponse(exchange: ServerExchange, aborted: boolean): void;
}

const NO_FIELDS: readonly Field[] = [];
const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n';
const INTERNAL_ERROR = 'HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\nconnection: close\r\n\r\n';

/** One request on a server connection, and the way its response is written. Calls after its end do nothing. */
export class ServerExchange implements ServerResponse {
  readonly #owner: ExchangeOwner;
  readonly message: RequestMessage;
  /** Where the request goes; undefined until the handler has returned it. */
  sink: RequestSink | undefined = undefined;
  requestEnded: boolean;
  started = false;
  ended = false;
  /** Both sides write bytes until each has ended; no HTTP any more. */
  isTunnel = false;
  /** The client holds its body back until it hears `100 Continue`. */
  awaitsContinue: boolean;
  /** The connection ends with this exchange. */
  closes: boolean;
  #owedCredit = 0;

  constructor(owner: ExchangeOwner, message: RequestMessage) {
    this.#owner = owner;
    this.message = message;
    this.requestEnded = message.head.bodyLength === 0;
    this.awaitsContinue = message.expectsContinue;
    this.closes = !message.keepAlive;
  }

  closeAfter(): void {
    this.closes = true;
  }

  requestCredit(bytes: number): void {
    if (!this.ended || this.isTunnel) this.#owner.creditRequest(bytes);
  }

  /** An HTTP/1.0 client knows no 1xx; one that does not read loses them. */
  responseInterim(head: ResponseHead): void {
    const { wire } = this.#owner;
    if (this.started || this.ended || this.message.head.version === VERSION.http10) return;
    if (head.status === 101 || wire.backlog >= BACKLOG_LIMIT_BYTES) return;
    if (head.status === 100) this.awaitsContinue = false;
    wire.writeLatin1(renderResponse(head) + HEAD_END);
  }

  /** Asks for a body that is held back, if nothing has asked for it or answered yet. */
  sendContinue(): void {
    if (!this.awaitsContinue || this.started || this.ended) return;
    this.awaitsContinue = false;
    this.#owner.wire.writeLatin1(CONTINUE);
  }

  /** Every client of HTTP/1.1 takes a 1xx that it did not ask for (RFC 9110 section 15.2). */
  probe(): void {
    if (this.started || this.ended || this.message.head.version === VERSION.http10) return;
    this.#owner.wire.writeLatin1(CONTINUE);
  }

  responseHead(head: ResponseHead, end: boolean): void {
    if (this.started || this.ended) return;
    this.started = true;
    if (this.requestEnded && opensTunnel(this.message.head, head.status)) {
      this.#openTunnel(head, end);
      return;
    }
    const framing = this.#frame(head, end);
    this.#owner.body.start(framing);
    // Nobody knows whether a body will come that was not asked for (RFC 9110 section 10.1.1).
    if (framing === BODY.untilClose || this.#owner.closing || this.awaitsContinue) this.closes = true;
    this.#writeHead(head, framing, end);
    if (end) this.#end(framing > 0);
  }

  #openTunnel(head: ResponseHead, end: boolean): void {
    this.isTunnel = true;
    this.requestEnded = false;
    this.#owner.body.start(BODY.untilClose);
    this.#owner.wire.writeLatin1(renderTunnel(head));
    this.#owner.openTunnel(this);
    if (end) this.#end(false);
  }

  #frame(head: ResponseHead, end: boolean): number {
    const { method, version } = this.message.head;
    if (method === 'HEAD' || head.status === 204 || head.status === 304) return BODY.none;
    if (head.bodyLength !== UNKNOWN_LENGTH) return head.bodyLength;
    if (end) return 0;
    return version === VERSION.http11 ? BODY.chunked : BODY.untilClose;
  }

  #writeHead(head: ResponseHead, framing: number, end: boolean): void {
    const wire = this.#owner.wire;
    const isOld = this.message.head.version === VERSION.http10;
    wire.writeLatin1(isOld ? renderOldResponse(head) : renderResponse(head));
    const dated = hasDate(head.fields);
    if (dated && !this.closes && !isOld && framing >= 0 && head.bodyLength !== UNKNOWN_LENGTH) {
      wire.writeLatin1(HEAD_END);
      return;
    }
    let tail = dated ? '' : dateField().line;
    if (framing === BODY.chunked) tail += CHUNKED_LINE;
    else if (framing === 0 && end && head.bodyLength === UNKNOWN_LENGTH) tail += NO_CONTENT_LINE;
    if (this.closes) tail += CLOSE_LINE;
    else if (isOld) tail += KEEP_ALIVE_LINE;
    wire.writeLatin1(tail + HEAD_END);
  }

  responseData(chunk: Buffer, end: boolean): void {
    if (!this.started || this.ended) return;
    const kept = this.#owner.body.write(chunk, end);
    this.#credit(chunk.length);
    if (end || !kept) this.#end(!kept);
  }

  /** Trailers go to those who said that they take them (RFC 9110 section 6.5.1). */
  responseTrailers(fields: readonly Field[]): void {
    if (!this.started || this.ended) return;
    const kept = this.#owner.body.writeTrailers(this.message.acceptsTrailers ? fields : NO_FIELDS);
    this.#end(!kept);
  }

  responseFailed(_failure: StreamFailure): void {
    if (this.ended) return;
    this.closes = true;
    if (this.started) {
      this.#end(true);
      return;
    }
    this.started = true;
    this.#owner.wire.writeLatin1(INTERNAL_ERROR);
    this.#end(false);
  }

  #end(aborted: boolean): void {
    this.ended = true;
    this.giveCredit();
    this.#owner.endResponse(this, aborted);
  }

  #credit(bytes: number): void {
    this.#owedCredit += bytes;
    if (this.#owner.wire.backlog < BACKLOG_LIMIT_BYTES) this.giveCredit();
  }

  /** Passes on the credit that a backlog held back, or that had nowhere to go yet. */
  giveCredit(): void {
    const bytes = this.#owedCredit;
    if (bytes === 0 || this.sink === undefined) return;
    this.#owedCredit = 0;
    this.sink.responseCredit(bytes);
  }
}
