import type { Wire } from '../../transport/wire.ts';
import { H2_ERROR, type HttpClient, type RequestSink, type ResponseSink } from '../exchange.ts';
import type { RequestHead, ResponseHead } from '../head.ts';
import { DECODED } from '../hpack/decoder.ts';
import { createResponseReader, type HeaderBlock, type HeadReader } from '../hpack/head-reader.ts';
import { ClientStream, refusal } from './client-stream.ts';
import { H2Connection, type H2ConnectionOptions } from './connection.ts';
import { FloodGuard } from './flood-guard.ts';
import { CLIENT_PREFACE, MAX_STREAM_ID } from './frame.ts';
import type { H2Stream, StreamEnd } from './stream.ts';
import { type UnreadTarget, UnreadWatch } from './unread-watch.ts';
import { WaitingStreams } from './waiting-streams.ts';

/** Streams to open at once before the server has said how many it takes. */
const INITIAL_MAX_STREAMS = 100;
/**
 * Resets to send before the connection is retired. Servers end a connection with many of them, and every request on
 * it: those with nghttp2 allow 1000 at once and 33 a second. One client that cancels must not cost others theirs.
 */
const RESETS_BEFORE_RETIRING = { burst: 500, perSecond: 25 };

/**
 * open: takes requests. draining: finishes those it has sent, after a GOAWAY, `shutdown()`, or the last stream id.
 * closed: the connection is over.
 */
export type ClientState = 'open' | 'draining' | 'closed';

export interface H2ClientOptions extends H2ConnectionOptions {
  onStateChange?(state: ClientState): void;
  /** The connection is over, with the error that ended it if there was one; every request has been answered. */
  onClosed?(error: Error | undefined): void;
}

/** The client side of an HTTP/2 connection: sends requests, above the server's limit as streams come free. */
export class H2ClientConnection extends H2Connection implements HttpClient, UnreadTarget {
  #state: ClientState = 'open';
  readonly #options: H2ClientOptions;
  readonly #streams = new Map<number, ClientStream>();
  /** Those that have come whole, and are not read yet. */
  readonly #unreadWhole = new Set<H2Stream>();
  readonly #waiting = new WaitingStreams<ClientStream>();
  readonly #reader: HeadReader<ResponseHead>;
  #nextId = 1;
  #maxStreams = INITIAL_MAX_STREAMS;
  readonly #unread: UnreadWatch;
  readonly #resets = new FloodGuard(RESETS_BEFORE_RETIRING);

  constructor(wire: Wire, options: H2ClientOptions = {}) {
    super(wire, options);
    this.#options = options;
    this.#reader = createResponseReader({ maxListBytes: this.config.maxHeaderListBytes });
    this.#unread = new UnreadWatch(this.config.stalls.unreadMs, this);
    this.receiveFlow.onStarved = () => this.#unread.begin();
    wire.receiver = this;
    wire.writeBytes(CLIENT_PREFACE);
    this.sendSettings('client');
  }

  get state(): ClientState {
    return this.#state;
  }

  /** Requests that are sent and not over. */
  get activeStreams(): number {
    return this.#streams.size;
  }

  /** Requests that wait for the server to take more streams. */
  get waitingRequests(): number {
    return this.#waiting.size;
  }

  get canTakeRequest(): boolean {
    return this.#state === 'open' && this.#waiting.size < this.config.maxWaitingRequests;
  }

  override isIdle(): boolean {
    return this.#streams.size === 0;
  }

  /**
   * Sends a request. Where the connection takes none (see `canTakeRequest`) the failure, unprocessed, comes to
   * `response` before this returns.
   */
  request(head: RequestHead, end: boolean, response: ResponseSink): RequestSink {
    const stream = new ClientStream(this, { head, end, response });
    if (!this.canTakeRequest) {
      stream.failUnsent(refusal(this.#state === 'open' ? 'too many requests wait' : 'connection is closing'));
    } else if (this.#streams.size < this.#maxStreams && this.#waiting.size === 0) {
      this.#start(stream);
    } else {
      this.#waiting.push(stream);
    }
    return stream;
  }

  #start(stream: ClientStream): void {
    const id = this.#nextId;
    this.#nextId += 2;
    this.counters.streams++;
    this.#streams.set(id, stream);
    stream.start(id);
    if (this.#nextId > MAX_STREAM_ID) this.#drain(refusal('out of stream ids'));
  }

  #startWaiting(): void {
    while (this.#state === 'open' && this.#streams.size < this.#maxStreams) {
      const stream = this.#waiting.shift();
      if (stream === undefined) return;
      this.#start(stream);
    }
  }

  *unreadStreams(): Iterable<H2Stream> {
    yield* this.#streams.values();
    yield* this.#unreadWhole;
  }

  /** Everything of a response that came whole has been read. */
  forgetUnread(stream: H2Stream): void {
    this.#unreadWhole.delete(stream);
  }

  /** What is not read of its response holds up the others; one that came whole just does not count any more. */
  onSlowReader(stream: H2Stream): void {
    this.counters.slowReaders++;
    if (this.#unreadWhole.delete(stream)) {
      stream.releaseUnread();
      return;
    }
    this.writeReset(stream.id, H2_ERROR.cancel);
    const message = 'the response was not read while others waited';
    this.closeStream(stream, { kind: 'slow', code: H2_ERROR.enhanceYourCalm, message, unprocessed: false });
  }

  isStarved(): boolean {
    return this.receiveFlow.isStarved;
  }

  override onQueueGrown(): void {
    // A server may take its time with a body.
  }

  protected override stopWatches(): void {
    this.#unread.stop();
  }

  /** Takes a request back that was not sent. */
  forgetWaiting(stream: ClientStream): void {
    this.#waiting.leave();
    stream.forget();
  }

  /** Takes no more requests, finishes those it has sent, and closes; those that wait fail, unprocessed. */
  shutdown(): void {
    this.#drain(refusal('connection is closing'));
  }

  #drain(end: StreamEnd): void {
    if (this.#state === 'open') {
      this.#setState('draining');
      this.#failWaiting(end);
    }
    if (this.#state === 'draining' && this.#streams.size === 0) this.closeGracefully();
  }

  /** Cancels a request; with many of them, leaves what comes to a new connection. */
  override dropStream(stream: H2Stream, code: number): void {
    super.dropStream(stream, code);
    if (this.#resets.take(this.readMs, 0) || this.#waiting.size > 0) return;
    this.shutdown();
  }

  #setState(state: ClientState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#options.onStateChange?.(state);
  }

  #failWaiting(end: StreamEnd): void {
    for (let stream = this.#waiting.shift(); stream !== undefined; stream = this.#waiting.shift()) {
      stream.failUnsent(end);
    }
  }

  /** A server that sends nothing more answers nothing more. */
  protected override onPeerEnd(): void {
    const message = 'the server closed the connection';
    this.endStreams({ kind: 'io', code: H2_ERROR.cancel, message, unprocessed: false });
    this.wire.endAndClose();
  }

  /** A server can only reset what was asked of it. */
  override takeReset(): boolean {
    return true;
  }

  /** What was on its way when a request was cancelled here is no fault of the server. */
  override takeIdleFrame(): void {}

  override onHeaderBlock(streamId: number, endStream: boolean, block: HeaderBlock): void {
    const stream = this.#streams.get(streamId);
    if (stream === undefined || stream.remoteEnded) this.#onLateHeaders(streamId, stream, block);
    else if (stream.answered) this.#onTrailers(stream, endStream, block);
    else this.#onResponse(stream, endStream, block);
  }

  #onResponse(stream: ClientStream, endStream: boolean, block: HeaderBlock): void {
    const head = this.#reader.readHead(block, endStream);
    if (head === undefined) this.#refuseBlock(stream, 'malformed response head');
    else if (!stream.receiveHead(head, endStream)) this.malformed(stream, 'malformed response head');
  }

  #onTrailers(stream: ClientStream, endStream: boolean, block: HeaderBlock): void {
    const fields = this.#reader.readTrailers(block);
    if (fields === undefined) return this.#refuseBlock(stream, 'malformed trailers');
    if (!endStream) return this.malformed(stream, 'trailers without END_STREAM');
    if (stream.expectedBytes > 0) return this.malformed(stream, 'body and content-length differ');
    stream.remoteEnded = true;
    stream.deliverTrailers(fields);
    if (stream.localEnded) this.finishStream(stream);
  }

  #refuseBlock(stream: ClientStream, message: string): void {
    if (this.#reader.outcome === DECODED.broken) return this.#failCompression();
    if (this.#reader.outcome !== DECODED.tooLarge) return this.malformed(stream, message);
    this.counters.headerListsTooLarge++;
    this.resetStream(stream, H2_ERROR.enhanceYourCalm, 'header list too large');
  }

  #failCompression(): void {
    this.fail(H2_ERROR.compressionError, 'a header block that is not HPACK');
  }

  #onLateHeaders(streamId: number, stream: ClientStream | undefined, block: HeaderBlock): void {
    if (!this.#reader.skip(block)) return this.#failCompression();
    if (this.isIdleStream(streamId)) return this.fail(H2_ERROR.protocolError, 'HEADERS on an idle stream');
    if (stream !== undefined)
      return this.resetStream(stream, H2_ERROR.streamClosed, 'HEADERS after END_STREAM');
    this.takeIdleFrame();
  }

  override findStream(id: number): ClientStream | undefined {
    return this.#streams.get(id);
  }

  override openStreams(): Iterable<H2Stream> {
    return this.#streams.values();
  }

  override isIdleStream(id: number): boolean {
    return id >= this.#nextId || (id & 1) === 0;
  }

  protected override removeStream(stream: H2Stream): void {
    this.#streams.delete(stream.id);
    if (stream.hasUnread) this.#unreadWhole.add(stream);
    if (this.#waiting.size > 0) this.#startWaiting();
    if (this.#state === 'draining' && this.#streams.size === 0) this.closeGracefully();
  }

  /** Requests above `lastStreamId` were not looked at; the others go on (RFC 9113 section 6.8). */
  override onGoAway(lastStreamId: number, code: number): void {
    const message = code === H2_ERROR.noError ? 'server is closing' : `server is closing with code ${code}`;
    const end: StreamEnd = { kind: 'goaway', code: H2_ERROR.refusedStream, message, unprocessed: true };
    for (const [id, stream] of [...this.#streams]) if (id > lastStreamId) this.closeStream(stream, end);
    this.#drain(end);
  }

  override onMaxConcurrentStreams(count: number): void {
    this.#maxStreams = count;
  }

  override onSettingsApplied(): void {
    this.#startWaiting();
  }

  override onPingAck(): void {
    // Hearing it is all that the keep-alive wants.
  }

  protected override failStreams(end: StreamEnd): void {
    this.#setState('closed');
    this.#failWaiting(end);
    const streams = [...this.#streams.values()];
    this.#streams.clear();
    for (const stream of streams) {
      if (stream.closed) continue;
      stream.abandon();
      stream.deliverFailure(end);
    }
  }

  protected override onGone(error: Error | undefined): void {
    this.#options.onClosed?.(error);
  }
}
