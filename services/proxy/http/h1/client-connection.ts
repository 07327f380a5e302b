import { turnNumber } from '../../transport/turn.ts';
import { BACKLOG_LIMIT_BYTES, type Wire, type WireReceiver } from '../../transport/wire.ts';
import type { StreamFailure } from '../exchange.ts';
import type { Field } from '../field.ts';
import { opensTunnel, type RequestHead, type ResponseHead } from '../head.ts';
import { BodyWriter } from './body-writer.ts';
import { type ClientExchange, type ExchangeCarrier, ioFailure, protocolFailure } from './client-exchange.ts';
import { BODY, FRAMING, frameRequest, frameResponse, needsLength } from './framing.ts';
import { type HeadMemory, HeadRecall } from './head-memory.ts';
import { type MessageConsumer, MessageReader } from './message-reader.ts';
import { Refusal } from './refusal.ts';
import { CHUNKED_LINE, HEAD_END, NO_CONTENT_LINE, renderRequest } from './render.ts';
import { parseResponse, type ResponseMessage, refuseResponseStart } from './response.ts';

/** Body bytes the taker of a response may owe credit for before reading stops. */
const RESPONSE_WINDOW_BYTES = 262_144;

const NOTHING = Buffer.alloc(0);
const INCOMPLETE = 'connection closed before message completed';
/** Responses for the meantime that an app may send before the one that was asked for. */
const MAX_INTERIM_RESPONSES = 100;

/** Where a connection goes when its exchange is over. */
export interface ConnectionOwner {
  /** It can take another request. */
  giveBack(connection: H1ClientConnection): void;
  /** It will take none any more. */
  forget(connection: H1ClientConnection): void;
}

/** The client's side of an HTTP/1 connection: one request at a time. */
export class H1ClientConnection implements WireReceiver, MessageConsumer, ExchangeCarrier {
  readonly wire: Wire;
  /** The sweep in which it became idle; kept by the pool. */
  idleSince = 0;
  readonly #owner: ConnectionOwner;
  readonly #body: BodyWriter;
  readonly #reader = new MessageReader(this);
  readonly #recall: HeadRecall<ResponseMessage>;
  #exchange: ClientExchange | undefined;
  #begunIn = 0;
  #begun = false;
  #reusable: boolean;
  #responseStarted = false;
  #reading = false;
  /** The server takes no further request on this connection, nor the rest of this one. */
  #isLast = false;
  #interims = 0;
  #tunnel = false;
  #uncredited = 0;
  #owedCredit = 0;
  #paused = false;

  constructor(
    wire: Wire,
    owner: ConnectionOwner,
    options: { memory: HeadMemory<ResponseMessage>; once: boolean },
  ) {
    this.wire = wire;
    this.#owner = owner;
    this.#body = new BodyWriter(wire);
    this.#recall = new HeadRecall(options.memory);
    this.#reusable = !options.once;
  }

  /** Writes a request that `isWritable` accepts; the connection is idle. */
  begin(exchange: ClientExchange): void {
    const framing = frameRequest(exchange.head, exchange.bodiless) ?? BODY.none;
    this.#exchange = exchange;
    this.#begunIn = turnNumber();
    this.#responseStarted = false;
    this.#interims = 0;
    if (this.#begun) this.#reader.next();
    this.#begun = true;
    this.#body.start(framing);
    this.#writeHead(exchange.head, framing, exchange.bodiless);
    exchange.attach(this);
  }

  #writeHead(head: RequestHead, framing: number, bodiless: boolean): void {
    this.wire.writeLatin1(renderRequest(head));
    if (framing === BODY.chunked) this.wire.writeLatin1(CHUNKED_LINE + HEAD_END);
    else if (bodiless && head.bodyLength === 0 && needsLength(head)) {
      this.wire.writeLatin1(NO_CONTENT_LINE + HEAD_END);
    } else this.wire.writeLatin1(HEAD_END);
  }

  writeBody(chunk: Buffer, end: boolean): void {
    this.#owedCredit += chunk.length;
    if (!this.#body.write(chunk, end)) {
      this.#fail(protocolFailure('the request body does not have the length its head names'));
      return;
    }
    if (this.wire.backlog < BACKLOG_LIMIT_BYTES) this.#giveCredit();
    if (!end) return;
    if (this.#tunnel) this.wire.end();
    this.#settle();
  }

  writeTrailers(fields: readonly Field[]): void {
    if (this.#body.writeTrailers(fields)) this.#settle();
    else this.#fail(protocolFailure('the request body does not have the length its head names'));
  }

  #giveCredit(): void {
    const exchange = this.#exchange;
    const bytes = this.#owedCredit;
    this.#owedCredit = 0;
    if (bytes > 0) exchange?.response.requestCredit(bytes);
  }

  /** The request has been given up: so is the connection, for nobody can tell where its response ends. */
  abandon(): void {
    this.#close();
    this.wire.destroy();
  }

  /** Closes an idle connection. */
  retire(): void {
    this.#reader.stop();
    this.wire.endAndClose();
  }

  onBytes(chunk: Buffer): void {
    if (this.#exchange === undefined) {
      // Nothing was asked: a peer that talks now would be heard as the response to the next request.
      this.#owner.forget(this);
      this.abandon();
      return;
    }
    this.#reading = true;
    this.#reader.push(chunk);
    this.#reading = false;
    this.#settle();
  }

  onEnd(): void {
    const exchange = this.#exchange;
    if (exchange !== undefined && this.#reader.untilClose && !exchange.responseEnded) {
      exchange.responseEnded = true;
      exchange.response.responseData(NOTHING, true);
    }
    if (this.#tunnel) {
      this.#settle();
      return;
    }
    if (exchange === undefined) this.wire.endAndClose();
    // Nor may a request leave that is reported as never sent.
    else this.wire.destroy();
    this.#lose(INCOMPLETE);
  }

  onClosed(error: Error | undefined): void {
    this.#lose(error?.message ?? INCOMPLETE);
  }

  onDrained(): void {
    this.#giveCredit();
  }

  #lose(message: string): void {
    this.#giveCredit();
    const exchange = this.#exchange;
    const unprocessed = !this.#responseStarted && this.#begunIn === turnNumber();
    this.#close();
    exchange?.fail(ioFailure(message, unprocessed));
  }

  #fail(failure: StreamFailure): void {
    this.#giveCredit();
    const exchange = this.#exchange;
    this.abandon();
    exchange?.fail(failure);
  }

  #close(): void {
    const exchange = this.#exchange;
    this.#reader.stop();
    this.#exchange = undefined;
    exchange?.detach();
    this.#owner.forget(this);
  }

  takeHead(text: string): number {
    const exchange = this.#exchange;
    if (exchange === undefined) return 0;
    this.#responseStarted = true;
    const message = this.#recall.find(text) ?? this.#parse(text);
    if (message instanceof Refusal) {
      this.takeRefusal(message);
      return 0;
    }
    const { head } = message;
    if (opensTunnel(exchange.head, head.status)) return this.#openTunnel(exchange, head);
    if (head.status < 200) return this.#passInterim(exchange, head);
    const framing = frameResponse(exchange.head.method, message);
    if (!message.keepAlive) this.#isLast = true;
    if (this.#isLast || framing === FRAMING.untilClose) this.#reusable = false;
    exchange.responseEnded = framing === 0;
    exchange.response.responseHead(head, framing === 0);
    return framing;
  }

  #parse(text: string): ResponseMessage | Refusal {
    const repeated = this.#recall.wants(text);
    const message = parseResponse(text, repeated);
    if (repeated && !(message instanceof Refusal)) this.#recall.keep(text, message);
    return message;
  }

  /** 1xx go on to the client, which may wait for one (RFC 9110 section 15.2). */
  #passInterim(exchange: ClientExchange, head: ResponseHead): number {
    if (head.status === 101) this.#fail(protocolFailure('the response switches protocols unasked'));
    else if (++this.#interims > MAX_INTERIM_RESPONSES)
      this.#fail(protocolFailure('the response sends 1xx without end'));
    else {
      exchange.response.responseInterim?.(head);
      this.#reader.next();
    }
    return 0;
  }

  /** What follows is the tunnel's, both ways, and the connection ends with it. */
  #openTunnel(exchange: ClientExchange, head: ResponseHead): number {
    if (!exchange.requestEnded) {
      this.#fail(protocolFailure('the response leaves HTTP before the request has ended'));
      return 0;
    }
    this.#reusable = false;
    this.#tunnel = true;
    this.#body.start(BODY.untilClose);
    exchange.openTunnel();
    exchange.response.responseHead(head, false);
    return FRAMING.untilClose;
  }

  refuseStart(text: string): Refusal | undefined {
    return refuseResponseStart(text);
  }

  takeBody(chunk: Buffer, end: boolean): void {
    const exchange = this.#exchange;
    if (exchange === undefined) return;
    exchange.responseEnded = end;
    if (!end) {
      this.#uncredited += chunk.length;
      if (this.#uncredited >= RESPONSE_WINDOW_BYTES && !this.#paused) {
        this.#paused = true;
        this.wire.pause();
      }
    }
    exchange.response.responseData(chunk, end);
  }

  takeTrailers(fields: readonly Field[]): void {
    const exchange = this.#exchange;
    if (exchange === undefined) return;
    exchange.responseEnded = true;
    exchange.response.responseTrailers(fields);
  }

  takeRefusal(refusal: Refusal): void {
    this.#fail(protocolFailure(refusal.reason));
  }

  creditResponse(bytes: number): void {
    this.#uncredited -= bytes;
    if (this.#paused && this.#uncredited <= RESPONSE_WINDOW_BYTES / 2) this.#resume();
  }

  #resume(): void {
    this.#paused = false;
    this.wire.resume();
  }

  /** The server has answered and will close: what else comes of the request is thrown away (RFC 9112 section 9.3). */
  #stopSending(): void {
    this.#giveCredit();
    this.abandon();
  }

  /** With both sides over, and nothing read beyond the response, the connection serves the next. */
  #settle(): void {
    const exchange = this.#exchange;
    if (exchange === undefined || this.#reading) return;
    if (!exchange.over) {
      if (exchange.responseEnded && this.#isLast) this.#stopSending();
      return;
    }
    exchange.detach();
    this.#exchange = undefined;
    this.#uncredited = 0;
    this.#owedCredit = 0;
    if (this.#paused) this.#resume();
    if (this.#reusable && this.#reader.heldBytes === 0) this.#owner.giveBack(this);
    else {
      this.#owner.forget(this);
      this.retire();
    }
  }
}
