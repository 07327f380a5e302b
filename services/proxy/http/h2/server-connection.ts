import { BACKLOG_LIMIT_BYTES, type Wire } from '../../transport/wire.ts';
import { dateField } from '../date.ts';
import { H2_ERROR, type RequestHandler } from '../exchange.ts';
import type { Field } from '../field.ts';
import { type RequestHead, ResponseHead, VERSION } from '../head.ts';
import { DECODED } from '../hpack/decoder.ts';
import { createRequestReader, type HeaderBlock, type HeadReader } from '../hpack/head-reader.ts';
import { StallWatch } from '../stall-watch.ts';
import { H2Connection, type H2ConnectionOptions } from './connection.ts';
import { CLIENT_PREFACE, type Frame, MAX_FRAME_BYTES, MAX_STREAM_ID } from './frame.ts';
import { writeGoAway, writePing } from './frame-writer.ts';
import { ServerStream } from './server-stream.ts';
import type { H2Stream, StreamEnd } from './stream.ts';

export interface H2ServerOptions extends H2ConnectionOptions {
  readonly handler: RequestHandler;
}

/** A stream reset later than that was used: a request may be given up, and nobody opens streams only to wait. */
const YOUNG_MS = 1000;
const DRAIN_PING = Buffer.from('l5ddrain', 'latin1');
/** A client that does not read what it asked for is not read from either. */
const PAUSE_BACKLOG_BYTES = 4 * BACKLOG_LIMIT_BYTES;

const TOO_LARGE = new ResponseHead({
  status: 431,
  version: VERSION.http2,
  fields: [],
  bodyLength: 0,
  repeated: true,
});

/**
 * The server side of an HTTP/2 connection: reads requests, hands them to the handler, writes the responses.
 *
 * Going down gracefully takes two GOAWAYs (RFC 9113 section 6.8): the first lets requests in flight still come,
 * the second, a round trip later, names the last one taken.
 *
 *     serving ── shutdown() ─► announced ── PING ack ─► draining ── last stream done ─► closed
 */
export class H2ServerConnection extends H2Connection {
  readonly #handler: RequestHandler;
  readonly #streams = new Map<number, ServerStream>();
  readonly #reader: HeadReader<RequestHead>;
  #prefaceBytes = 0;
  #state: 'serving' | 'announced' | 'draining' = 'serving';
  #paused = false;
  readonly #reading: StallWatch;
  readonly #sending: StallWatch;

  constructor(wire: Wire, options: H2ServerOptions) {
    super(wire, options);
    this.#handler = options.handler;
    this.#reader = createRequestReader({ maxListBytes: this.config.maxHeaderListBytes });
    const { unfinishedMs, queuedMs } = this.config.stalls;
    this.#reading = new StallWatch(unfinishedMs, {
      findUnfinished: () => (this.#paused ? undefined : this.findUnfinished()),
      onStalled: () => this.#endUnfinished(),
    });
    this.#sending = new StallWatch(queuedMs, {
      findUnfinished: () => this.#findUnsent(),
      onStalled: () => this.#endSlowReader(),
    });
    wire.receiver = this;
    this.sendSettings('server');
    this.#reading.begin();
  }

  get activeStreams(): number {
    return this.#streams.size;
  }

  override isIdle(): boolean {
    return this.#streams.size === 0;
  }

  date(): Field {
    return dateField(this.clock);
  }

  /** Takes no new requests after those already on their way, finishes those it has, and closes. */
  shutdown(): void {
    if (this.#state !== 'serving' || this.ended) return;
    this.#state = 'announced';
    writeGoAway(this.wire, { lastStreamId: MAX_STREAM_ID, code: H2_ERROR.noError, text: '' });
    writePing(this.wire, DRAIN_PING, 0);
  }

  override onBytes(chunk: Buffer): void {
    if (this.#prefaceBytes < CLIENT_PREFACE.length) this.#readPreface(chunk);
    else super.onBytes(chunk);
    if (!this.#paused && this.wire.backlog > PAUSE_BACKLOG_BYTES) {
      this.#paused = true;
      this.wire.pause();
    }
    this.#watchReading();
  }

  #watchReading(): void {
    if (!this.ended && this.findUnfinished() !== undefined) this.#reading.begin();
  }

  #endUnfinished(): void {
    this.counters.unfinished++;
    this.fail(H2_ERROR.enhanceYourCalm, 'something begun was not finished in time');
  }

  override onQueueGrown(): void {
    if (this.sendFlow.queuedBytes > this.config.stalls.queuedBytes) this.#sending.begin();
  }

  /** How much has been sent, in frames of full size, while too much waits; undefined where it does not. */
  #findUnsent(): number | undefined {
    const { queuedBytes, sentBytes } = this.sendFlow;
    if (queuedBytes <= this.config.stalls.queuedBytes) return undefined;
    return Math.floor(sentBytes / MAX_FRAME_BYTES);
  }

  #endSlowReader(): void {
    this.counters.slowReaders++;
    this.fail(H2_ERROR.enhanceYourCalm, 'too little is read of what was asked for');
  }

  protected override stopWatches(): void {
    this.#reading.stop();
    this.#sending.stop();
  }

  /** A young stream that is reset counts; an older one was given up after its client had waited. */
  override takePeerReset(stream: H2Stream): boolean {
    const isYoung = !(stream instanceof ServerStream) || this.readMs - stream.openedMs < YOUNG_MS;
    return isYoung ? this.takeReset() : true;
  }

  #readPreface(chunk: Buffer): void {
    const from = this.#prefaceBytes;
    const bytes = Math.min(chunk.length, CLIENT_PREFACE.length - from);
    if (CLIENT_PREFACE.compare(chunk, 0, bytes, from, from + bytes) !== 0) {
      this.fail(H2_ERROR.protocolError, 'not an HTTP/2 preface');
      return;
    }
    this.#prefaceBytes += bytes;
    if (bytes < chunk.length) super.onBytes(chunk.subarray(bytes));
  }

  override onDrained(): void {
    if (this.#paused) {
      this.#paused = false;
      this.wire.resume();
      this.#watchReading();
    }
    super.onDrained();
  }

  /** A client that will send nothing more: what it has asked for whole is answered, then the connection closes. */
  protected override onPeerEnd(): void {
    this.#state = 'draining';
    for (const stream of [...this.#streams.values()]) {
      if (stream.remoteEnded) continue;
      const message = 'the client closed the connection';
      this.closeStream(stream, { kind: 'io', code: H2_ERROR.cancel, message, unprocessed: false });
    }
    this.#closeIfDrained();
  }

  override onHeaderBlock(streamId: number, endStream: boolean, block: HeaderBlock): void {
    const stream = this.#streams.get(streamId);
    if (stream !== undefined) this.#onTrailers(stream, endStream, block);
    else if (streamId <= this.lastPeerId) this.#onLateHeaders(streamId, block);
    else if ((streamId & 1) === 0) this.fail(H2_ERROR.protocolError, 'a client stream with an even id');
    else this.#onRequest(streamId, endStream, block);
  }

  #onRequest(streamId: number, endStream: boolean, block: HeaderBlock): void {
    // Above the last id that the second GOAWAY named: neither processed nor answered.
    if (this.#state === 'draining') return this.#skip(block);
    this.lastPeerId = streamId;
    const limit = this.config.maxConcurrentStreams;
    if (limit !== undefined && this.#streams.size >= limit) {
      this.counters.refusedStreams++;
      this.#skip(block);
      this.refuseStream(streamId, H2_ERROR.refusedStream);
      return;
    }
    const head = this.#reader.readHead(block, endStream);
    if (head === undefined) return this.#refuseHead(streamId, endStream);
    this.#open(streamId, head, endStream);
  }

  #open(streamId: number, head: RequestHead, endStream: boolean): void {
    const stream = new ServerStream(this, streamId);
    this.counters.streams++;
    this.#streams.set(streamId, stream);
    stream.remoteEnded = endStream;
    if (!endStream) stream.expectedBytes = head.bodyLength;
    stream.sink = this.#handler.handleRequest(head, endStream, stream);
  }

  #refuseHead(streamId: number, endStream: boolean): void {
    switch (this.#reader.outcome) {
      case DECODED.broken:
        return this.fail(H2_ERROR.compressionError, 'a header block that is not HPACK');
      case DECODED.tooLarge:
        this.counters.headerListsTooLarge++;
        if (!this.takeReset()) return;
        this.headWriter.writeHead(TOO_LARGE, { streamId, end: true, date: this.date() });
        if (!endStream) this.writeReset(streamId, H2_ERROR.noError);
        return;
      default:
        this.counters.malformedMessages++;
        this.refuseStream(streamId, H2_ERROR.protocolError);
    }
  }

  #onTrailers(stream: ServerStream, endStream: boolean, block: HeaderBlock): void {
    const fields = this.#reader.readTrailers(block);
    if (fields === undefined && this.#reader.outcome === DECODED.broken)
      return this.#refuseHead(stream.id, true);
    if (stream.remoteEnded)
      return this.resetStream(stream, H2_ERROR.streamClosed, 'HEADERS after END_STREAM');
    if (fields === undefined) return this.#refuseTrailers(stream);
    if (!endStream) return this.malformed(stream, 'trailers without END_STREAM');
    if (stream.expectedBytes > 0) return this.malformed(stream, 'body and content-length differ');
    stream.remoteEnded = true;
    stream.deliverTrailers(fields);
    if (stream.localEnded) this.finishStream(stream);
  }

  #refuseTrailers(stream: ServerStream): void {
    if (this.#reader.outcome !== DECODED.tooLarge) return this.malformed(stream, 'malformed trailers');
    this.counters.headerListsTooLarge++;
    this.resetStream(stream, H2_ERROR.enhanceYourCalm, 'trailers too large');
  }

  /** HEADERS for a stream that was closed: an error, except where our own reset was on its way. */
  #onLateHeaders(streamId: number, block: HeaderBlock): void {
    this.#skip(block);
    if (this.recentlyReset.has(streamId)) this.takeIdleFrame();
    else this.fail(H2_ERROR.streamClosed, 'HEADERS on a closed stream');
  }

  /** Keeps the compression in step with a block that nobody reads. */
  #skip(block: HeaderBlock): void {
    if (!this.#reader.skip(block)) this.fail(H2_ERROR.compressionError, 'a header block that is not HPACK');
  }

  override findStream(id: number): ServerStream | undefined {
    return this.#streams.get(id);
  }

  override openStreams(): Iterable<H2Stream> {
    return this.#streams.values();
  }

  override isIdleStream(id: number): boolean {
    return id > this.lastPeerId && this.#state !== 'draining';
  }

  protected override removeStream(stream: H2Stream): void {
    this.#streams.delete(stream.id);
    // Answered and done: a handler that answered without reading the body owes nothing.
    stream.releaseUnread();
    if (this.#state === 'draining') this.#closeIfDrained();
  }

  override onGoAway(): void {
    // The client makes no new streams; it closes when it has what it wants.
  }

  override onMaxConcurrentStreams(): void {
    // For pushed streams, of which there are none.
  }

  override onSettingsApplied(): void {
    // Nothing waits for them.
  }

  override onPingAck(frame: Frame): void {
    const isDrain = DRAIN_PING.compare(frame.bytes, frame.start, frame.end) === 0;
    if (!isDrain || this.#state !== 'announced') return;
    this.#state = 'draining';
    if (this.#streams.size > 0) {
      writeGoAway(this.wire, { lastStreamId: this.lastPeerId, code: H2_ERROR.noError, text: '' });
    }
    this.#closeIfDrained();
  }

  #closeIfDrained(): void {
    if (this.#streams.size === 0) this.closeGracefully();
  }

  protected override failStreams(end: StreamEnd): void {
    const streams = [...this.#streams.values()];
    this.#streams.clear();
    for (const stream of streams) {
      stream.abandon();
      stream.deliverFailure(end);
    }
  }

  protected override onGone(): void {
    this.#handler.handleClosed?.();
  }
}
