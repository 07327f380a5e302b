import type { Wire, WireReceiver } from '../../transport/wire.ts';
import { dateField } from '../date.ts';
import { H2_ERROR, type RequestHandler } from '../exchange.ts';
import type { Field } from '../field.ts';
import { StallWatch } from '../stall-watch.ts';
import { BodyWriter } from './body-writer.ts';
import { FRAMING } from './framing.ts';
import { createHeadMemory, type HeadMemory, HeadRecall } from './head-memory.ts';
import { type MessageConsumer, MessageReader } from './message-reader.ts';
import { REFUSAL, Refusal } from './refusal.ts';
import { parseRequest, type RequestMessage, refuseRequestStart } from './request.ts';
import { type ExchangeOwner, ServerExchange } from './server-exchange.ts';
import { statusLine } from './status.ts';

/** Body bytes a handler may owe credit for before reading stops. */
const REQUEST_WINDOW_BYTES = 131_072;
/** Bytes of later requests that may wait for the end of the current one before reading stops. */
const MAX_PIPELINED_BYTES = 65_536;
/** What is read and dropped of a body whose response is over, to keep the connection. */
const MAX_DRAINED_BYTES = 65_536;
/** How long, and for how many bytes, a closed connection is still read so that the peer gets the last response. */
const LINGER_MS = 1000;
const MAX_LINGER_BYTES = 1_048_576;

/** How long a head may take from its first byte to its last; a third more at most. */
const HEAD_MS = 30_000;

/** How long the app may think before a client that waits to send its body is asked for it. */
const CONTINUE_AFTER_MS = 300;
/**
 * When a client that has finished writing, and still waits, is asked whether it is there: the first bytes to one that
 * has gone bring a reset, of which the next ones tell.
 */
const PROBES_AFTER_MS = [1000, 2000];
const NOTHING = Buffer.alloc(0);

/** Counts of all connections that share them; plain numbers, read by the metrics. */
export interface H1ServerCounters {
  requests: number;
  /** Messages refused with 400. */
  malformed: number;
  /** Messages refused with 431. */
  tooLarge: number;
  /** Heads begun and not whole in time: 408. */
  unfinished: number;
}

/** What connections of one kind share. */
export interface H1ServerOptions {
  readonly memory: HeadMemory<RequestMessage>;
  readonly counters: H1ServerCounters;
  /** How long a head may take. */
  readonly headMs: number;
}

export function createH1ServerOptions(headMs = HEAD_MS): H1ServerOptions {
  const counters = { requests: 0, malformed: 0, tooLarge: 0, unfinished: 0 };
  return { memory: createHeadMemory(), counters, headMs };
}

/**
 * The server's side of an HTTP/1 connection. Requests are handled strictly in order and one at a time: the next is
 * read when the response before it has been written.
 *
 *     idle ─(head)─► exchange ─(both ended)─► idle
 *                       ├─(response ended first)─► draining ─► idle
 *                       └─(101, CONNECT 2xx)─► tunnel ─(both ended)─► closed
 *     any ─(close, refusal)─► lingering ─(peer's FIN, time, bytes)─► closed
 */
export class H1ServerConnection implements WireReceiver, MessageConsumer, ExchangeOwner {
  readonly wire: Wire;
  readonly body: BodyWriter;
  closing = false;
  readonly #handler: RequestHandler;
  readonly #options: H1ServerOptions;
  readonly #reader = new MessageReader(this);
  readonly #recall: HeadRecall<RequestMessage>;
  #exchange: ServerExchange | undefined;
  #uncredited = 0;
  #paused = false;
  #drained = 0;
  #lingering = false;
  #lingered = 0;
  /** The client has finished writing; it still gets its responses. */
  #clientEnded = false;
  /** Heads taken. */
  #heads = 0;
  /** Of a head that did not come whole. */
  #headWatch: StallWatch | undefined;

  constructor(wire: Wire, handler: RequestHandler, options: H1ServerOptions) {
    this.wire = wire;
    this.body = new BodyWriter(wire);
    this.#handler = handler;
    this.#options = options;
    this.#recall = new HeadRecall(options.memory);
  }

  /** Finishes the current message, then closes. */
  shutdown(): void {
    this.closing = true;
    if (this.#exchange === undefined && this.#reader.atStart && !this.#lingering) this.wire.endAndClose();
  }

  onBytes(chunk: Buffer): void {
    if (this.#lingering) {
      this.#lingered += chunk.length;
      if (this.#lingered > MAX_LINGER_BYTES) this.wire.destroy();
      return;
    }
    this.#reader.push(chunk);
    if (this.#reader.heldBytes > 0) {
      this.#updateReading();
      if (this.#isInHead) this.#watchHead();
    }
  }

  /** A head has begun and is not whole. */
  get #isInHead(): boolean {
    return this.#exchange === undefined && this.#reader.heldBytes > 0 && !this.#lingering;
  }

  /** A client that never finishes what it has begun holds a connection for nothing. */
  #watchHead(): void {
    this.#headWatch ??= new StallWatch(this.#options.headMs, {
      findUnfinished: () => (this.#isInHead ? this.#heads : undefined),
      onStalled: () => {
        this.#reader.stop();
        this.takeRefusal(REFUSAL.headTooSlow);
      },
    });
    this.#headWatch.begin();
  }

  /**
   * The client has finished writing. What it has asked for in whole it still gets. To have closed both sides looks the
   * same, and the requests of whoever has gone for good are to be cancelled: that takes a probe.
   */
  onEnd(): void {
    const exchange = this.#exchange;
    if (exchange?.isTunnel === true) this.#endTunnelRequest(exchange);
    else if (exchange?.requestEnded === true && !exchange.ended) {
      this.#clientEnded = true;
      for (const afterMs of PROBES_AFTER_MS) setTimeout(probeClient, afterMs, exchange).unref();
    } else {
      this.#cancel();
      this.wire.endAndClose();
    }
  }

  onClosed(): void {
    this.#cancel();
    this.#handler.handleClosed?.();
  }

  onDrained(): void {
    this.#exchange?.giveCredit();
  }

  #cancel(): void {
    this.#headWatch?.stop();
    this.#reader.stop();
    const exchange = this.#exchange;
    if (exchange === undefined) return;
    this.#exchange = undefined;
    if (exchange.ended && !exchange.isTunnel) return;
    exchange.ended = true;
    exchange.sink?.requestCancelled(H2_ERROR.cancel);
  }

  takeHead(text: string): number {
    this.#heads++;
    const message = this.#recall.find(text) ?? this.#parse(text);
    if (message instanceof Refusal) {
      this.#reader.stop();
      this.takeRefusal(message);
      return 0;
    }
    this.#options.counters.requests++;
    const exchange = new ServerExchange(this, message);
    this.#exchange = exchange;
    exchange.sink = this.#handler.handleRequest(message.head, exchange.requestEnded, exchange);
    if (exchange.isTunnel) this.openTunnel(exchange);
    else if (exchange.ended) this.#settle(exchange);
    else if (exchange.started) exchange.giveCredit();
    else if (exchange.awaitsContinue) setTimeout(askForBody, CONTINUE_AFTER_MS, exchange).unref();
    return message.chunked ? FRAMING.chunked : message.head.bodyLength;
  }

  /** The response ended before the handler had returned its sink. */
  #settle(exchange: ServerExchange): void {
    exchange.giveCredit();
    if (this.#exchange === exchange) this.endResponse(exchange, false);
    else if (!exchange.requestEnded) exchange.sink?.requestCancelled(H2_ERROR.cancel);
  }

  #parse(text: string): RequestMessage | Refusal {
    const repeated = this.#recall.wants(text);
    const message = parseRequest(text, { scheme: 'http', repeated });
    if (repeated && !(message instanceof Refusal)) this.#recall.keep(text, message);
    return message;
  }

  refuseStart(text: string): Refusal | undefined {
    return refuseRequestStart(text);
  }

  takeBody(chunk: Buffer, end: boolean): void {
    const exchange = this.#exchange;
    if (exchange === undefined) return;
    exchange.awaitsContinue = false;
    if (end) exchange.requestEnded = true;
    if (exchange.ended && !exchange.isTunnel) {
      this.#drained += chunk.length;
      if (end || this.#drained > MAX_DRAINED_BYTES) this.#advance(exchange);
      return;
    }
    this.#uncredited += chunk.length;
    exchange.sink?.requestData(chunk, end);
    if (this.#uncredited >= REQUEST_WINDOW_BYTES) this.#updateReading();
  }

  takeTrailers(fields: readonly Field[]): void {
    const exchange = this.#exchange;
    if (exchange === undefined) return;
    exchange.requestEnded = true;
    if (exchange.ended) this.#advance(exchange);
    else exchange.sink?.requestTrailers(fields);
  }

  takeRefusal(refusal: Refusal): void {
    this.#count(refusal);
    const exchange = this.#exchange;
    this.#exchange = undefined;
    if (exchange !== undefined && !exchange.ended) {
      exchange.ended = true;
      exchange.sink?.requestCancelled(H2_ERROR.protocolError);
    }
    if (exchange?.started === true && !exchange.requestEnded) {
      this.#abort();
      return;
    }
    this.wire.writeLatin1(
      `${statusLine(refusal.status)}content-length: 0\r\nconnection: close\r\n${dateField().line}\r\n`,
    );
    this.#linger();
  }

  #count({ status }: Refusal): void {
    const { counters } = this.#options;
    if (status === 431) counters.tooLarge++;
    else if (status === 408) counters.unfinished++;
    else counters.malformed++;
  }

  creditRequest(bytes: number): void {
    this.#uncredited -= bytes;
    if (this.#paused) this.#updateReading();
  }

  /** What the client has sent behind the request, and sends from now on, is the tunnel's. */
  openTunnel(exchange: ServerExchange): void {
    // Called from within the handler, the sink is not known yet: `takeHead` goes on from there.
    if (exchange.sink === undefined) return;
    exchange.giveCredit();
    this.#reader.openTunnel();
    if (this.#paused) this.#updateReading();
  }

  #endTunnelRequest(exchange: ServerExchange): void {
    exchange.requestEnded = true;
    exchange.sink?.requestData(NOTHING, true);
    if (exchange.ended) this.#closeTunnel();
  }

  #closeTunnel(): void {
    this.#exchange = undefined;
    this.#reader.stop();
    this.wire.endAndClose();
  }

  endResponse(exchange: ServerExchange, aborted: boolean): void {
    if (aborted) {
      exchange.closes = true;
      this.#exchange = undefined;
      if (!exchange.requestEnded) exchange.sink?.requestCancelled(H2_ERROR.cancel);
      this.#abort();
      return;
    }
    if (exchange.isTunnel) {
      if (exchange.requestEnded) this.#closeTunnel();
      else this.wire.end();
      return;
    }
    // Called from within the handler, the sink is not known yet: `takeHead` goes on from there.
    if (exchange.sink === undefined) return;
    if (!exchange.requestEnded) exchange.sink.requestCancelled(H2_ERROR.noError);
    this.#advance(exchange);
  }

  /** The response is over: on to the next request, as soon as the body of this one has been read or given up. */
  #advance(exchange: ServerExchange): void {
    const closes = exchange.closes || this.closing;
    if (exchange.requestEnded && !closes) {
      this.#exchange = undefined;
      this.#drained = 0;
      this.#uncredited = 0;
      this.#reader.next();
      if (this.#paused) this.#updateReading();
      if (this.#isInHead) this.#watchHead();
      if (this.#clientEnded && !this.#reader.isRunning) this.#finishPipeline();
      return;
    }
    const bodyLeft = this.#reader.bodyLeft ?? 0;
    if (closes || this.#drained + bodyLeft > MAX_DRAINED_BYTES) this.#close(exchange);
    else this.creditRequest(this.#uncredited);
  }

  /** Whoever has finished writing gets what was asked for before; the rest of a request will not come. */
  #finishPipeline(): void {
    const next = this.#exchange as ServerExchange | undefined;
    if (next?.requestEnded === true) return;
    this.#cancel();
    this.wire.endAndClose();
  }

  #close(exchange: ServerExchange): void {
    this.#exchange = undefined;
    const isAllRead = exchange.requestEnded && this.#reader.heldBytes === 0;
    this.#reader.stop();
    if (isAllRead) this.wire.endAndClose();
    else this.#linger();
  }

  /** A response that is not whole: an orderly end would look whole where the end of the connection is its end. */
  #abort(): void {
    this.#reader.stop();
    if (this.body.untilClose) this.wire.reset();
    else this.wire.endAndClose();
  }

  /** Closing while the peer still writes would reset the connection and lose the response on its way. */
  #linger(): void {
    this.#lingering = true;
    this.wire.end();
    if (this.#paused) {
      this.#paused = false;
      this.wire.resume();
    }
    setTimeout(() => this.wire.destroy(), LINGER_MS).unref();
  }

  #updateReading(): void {
    const window = this.#paused ? REQUEST_WINDOW_BYTES / 2 : REQUEST_WINDOW_BYTES;
    const isFull =
      this.#uncredited >= window ||
      (this.#exchange !== undefined && this.#reader.heldBytes > MAX_PIPELINED_BYTES);
    if (isFull === this.#paused) return;
    this.#paused = isFull;
    if (isFull) this.wire.pause();
    else this.wire.resume();
  }
}

function probeClient(exchange: ServerExchange): void {
  exchange.probe();
}

function askForBody(exchange: ServerExchange): void {
  exchange.sendContinue();
}
