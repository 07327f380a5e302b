import { type Clock, systemClock } from '#lib/base';
import type { Wire, WireReceiver } from '../../transport/wire.ts';
import { H2_ERROR } from '../exchange.ts';
import type { HeaderBlock } from '../hpack/head-reader.ts';
import { createH2Counters, DEFAULT_H2_CONFIG, type H2Config, type H2Counters } from './config.ts';
import { Floods } from './floods.ts';
import { DEFAULT_WINDOW_BYTES, type Frame } from './frame.ts';
import { FrameDispatch } from './frame-dispatch.ts';
import { FrameReader } from './frame-reader.ts';
import { writeGoAway, writePing, writeRstStream, writeSettings } from './frame-writer.ts';
import { HeadWriter } from './head-writer.ts';
import { KeepAlive } from './keep-alive.ts';
import { ReceiveFlow } from './receive-flow.ts';
import { RecentIds } from './recent-ids.ts';
import { SendFlow } from './send-flow.ts';
import { listOwnSettings } from './settings.ts';
import type { H2Stream, StreamEnd } from './stream.ts';

export interface H2ConnectionOptions {
  readonly config?: H2Config;
  /** Shared with other connections; own ones otherwise. */
  readonly counters?: H2Counters;
  readonly clock?: Clock;
}

const KEEP_ALIVE_PING = Buffer.from('l5d-live', 'latin1');
/** How long a peer may take to close after we did. */
const LINGER_MS = 5000;
/** … and how long to take in what it was told, when it did wrong. */
const FAILED_LINGER_MS = 1000;

/**
 * The part of an HTTP/2 connection that both sides share (RFC 9113): frames in and out, settings, flow control,
 * pings, resets, floods, errors. What a header block means differs: the two sides extend it.
 */
export abstract class H2Connection implements WireReceiver {
  readonly wire: Wire;
  readonly config: H2Config;
  readonly counters: H2Counters;
  readonly sendFlow: SendFlow;
  readonly receiveFlow: ReceiveFlow;
  readonly headWriter: HeadWriter;
  readonly floods: Floods;
  readonly recentlyReset = new RecentIds();
  /** What a new stream's peer may send. */
  receiveWindowBytes: number;
  /** When bytes were read last, in whole milliseconds: a small number costs a stream no memory. */
  readMs: number;
  /** No frames are read or written any more. */
  ended = false;
  protected readonly clock: Clock;
  readonly #dispatch = new FrameDispatch(this);
  readonly #frames = new FrameReader(this.#dispatch);
  /** The highest stream id the peer has used. */
  protected lastPeerId = 0;
  readonly #keepAlive: KeepAlive | undefined;
  #lingering: NodeJS.Timeout | undefined;

  constructor(wire: Wire, options: H2ConnectionOptions) {
    this.wire = wire;
    this.config = options.config ?? DEFAULT_H2_CONFIG;
    this.#frames.maxFrameBytes = this.config.maxFrameBytes;
    this.counters = options.counters ?? createH2Counters();
    this.clock = options.clock ?? systemClock;
    this.readMs = Math.floor(this.clock.monotonic());
    this.sendFlow = new SendFlow(wire);
    this.receiveFlow = new ReceiveFlow(wire, this.config.connectionWindowBytes);
    this.headWriter = new HeadWriter(wire);
    // Until the peer has our settings it goes by the default.
    this.receiveWindowBytes = Math.max(this.config.streamWindowBytes, DEFAULT_WINDOW_BYTES);
    const { keepAlive } = this.config;
    this.floods = new Floods(this.config.floods, this.clock, this.sendFlow);
    this.#keepAlive = keepAlive === undefined ? undefined : new KeepAlive(keepAlive, this, this.clock);
  }

  /** The open stream of an id. */
  abstract findStream(id: number): H2Stream | undefined;
  abstract openStreams(): Iterable<H2Stream>;
  /** Whether the id was never used. */
  abstract isIdleStream(id: number): boolean;
  abstract onHeaderBlock(streamId: number, endStream: boolean, block: HeaderBlock): void;
  /** Takes a closed stream out of the table. */
  protected abstract removeStream(stream: H2Stream): void;
  abstract onGoAway(lastStreamId: number, code: number): void;
  abstract onMaxConcurrentStreams(count: number): void;
  /** The peer has our acknowledgement of what it set. */
  abstract onSettingsApplied(): void;
  abstract onPingAck(frame: Frame): void;
  /** Ends every open stream; nothing can be sent any more. */
  protected abstract failStreams(end: StreamEnd): void;
  /** The peer closes its side, before or after this one. */
  protected abstract onPeerEnd(): void;
  abstract isIdle(): boolean;
  protected abstract onGone(error: Error | undefined): void;
  /** Body bytes wait for windows of the peer. */
  abstract onQueueGrown(): void;
  protected abstract stopWatches(): void;

  protected sendSettings(side: 'client' | 'server'): void {
    writeSettings(this.wire, listOwnSettings(this.config, side));
    this.receiveFlow.open();
  }

  onBytes(chunk: Buffer): void {
    this.readMs = Math.floor(this.clock.monotonic());
    if (!this.ended) this.#frames.read(chunk);
  }

  /** The frame, header block or hello that the peer has begun: one is told from the next. */
  findUnfinished(): unknown {
    return this.#dispatch.unfinished ?? this.#frames.unfinished;
  }

  onEnd(): void {
    if (this.ended) this.wire.endAndClose();
    else this.onPeerEnd();
  }

  onDrained(): void {
    this.sendFlow.releaseHeld();
  }

  onClosed(error: Error | undefined): void {
    const message = error === undefined ? 'connection closed' : error.message;
    this.endStreams({ kind: 'io', code: H2_ERROR.cancel, message, unprocessed: false });
    clearTimeout(this.#lingering);
    this.onGone(error);
  }

  /** Counts a frame that asks for nothing. */
  takeIdleFrame(): void {
    if (!this.floods.take('idleFrames')) this.calm('idle');
  }

  /** Counts a stream that came to nothing; false after failing the connection for too many. */
  takeReset(): boolean {
    if (this.floods.take('resets')) return true;
    this.calm('reset');
    return false;
  }

  /** Counts a stream that the peer has reset; false after failing the connection for too many. */
  takePeerReset(_stream: H2Stream): boolean {
    return this.takeReset();
  }

  /** Ends the connection for too many frames of a kind. */
  calm(kind: string): void {
    this.counters.floods++;
    this.fail(H2_ERROR.enhanceYourCalm, `too many ${kind} frames`);
  }

  /** Both directions have ended. */
  finishStream(stream: H2Stream): void {
    if (stream.closed) return;
    stream.closed = true;
    this.floods.wholeStreams++;
    this.removeStream(stream);
  }

  /** Closes a stream before its end, and says so to whoever handles it. */
  closeStream(stream: H2Stream, end: StreamEnd): void {
    if (stream.closed) return;
    stream.abandon();
    this.removeStream(stream);
    stream.deliverFailure(end);
  }

  /** Resets a stream for what the peer did, and says so to whoever handles it. */
  resetStream(stream: H2Stream, code: number, message: string): void {
    if (stream.closed) return;
    this.refuseStream(stream.id, code);
    this.closeStream(stream, { kind: 'protocol', code, message, unprocessed: false });
  }

  malformed(stream: H2Stream, message: string): void {
    this.counters.malformedMessages++;
    this.resetStream(stream, H2_ERROR.protocolError, message);
  }

  /** Sends a reset that the peer has caused. */
  refuseStream(id: number, code: number): void {
    if (this.ended || !this.takeReset()) return;
    this.writeReset(id, code);
  }

  /** Resets a stream because whoever handles it gave it up; it hears nothing more. */
  dropStream(stream: H2Stream, code: number): void {
    if (stream.closed) return;
    stream.abandon();
    stream.takeDroppedBytes();
    if (stream.id !== 0 && !this.ended) this.writeReset(stream.id, code);
    this.removeStream(stream);
  }

  protected writeReset(id: number, code: number): void {
    this.counters.resetsSent++;
    this.recentlyReset.add(id);
    writeRstStream(this.wire, id, code);
  }

  /**
   * Ends the connection for an error of the peer (section 5.4.1). Nothing more is read, but the socket stays for a
   * moment: one that is closed with bytes still coming in is reset, and the peer never hears what it did wrong.
   */
  fail(code: number, text: string): void {
    if (this.ended) return;
    this.counters.connectionErrors++;
    writeGoAway(this.wire, { lastStreamId: this.lastPeerId, code, text });
    this.endStreams({ kind: 'protocol', code, message: text, unprocessed: false });
    this.wire.end();
    this.wire.pause();
    this.#linger(FAILED_LINGER_MS);
  }

  /** A peer that does not close, or does not take what is on its way, does not keep the socket. */
  #linger(durationMs: number): void {
    this.#lingering ??= setTimeout(() => this.wire.destroy(), durationMs).unref();
  }

  /** Stops reading, and ends every stream that is open. */
  protected endStreams(end: StreamEnd): void {
    if (this.ended) return;
    this.ended = true;
    this.#frames.stop();
    this.receiveFlow.stop();
    this.#keepAlive?.stop();
    this.stopWatches();
    this.failStreams(end);
  }

  /**
   * Closes after a graceful end: every stream is done. Reading goes on until the peer closes too: a socket that is
   * closed with bytes still coming in is reset, and what is on its way out is lost.
   */
  protected closeGracefully(): void {
    if (this.ended) return;
    writeGoAway(this.wire, { lastStreamId: this.lastPeerId, code: H2_ERROR.noError, text: '' });
    this.endStreams({
      kind: 'goaway',
      code: H2_ERROR.noError,
      message: 'connection closed',
      unprocessed: false,
    });
    this.wire.end();
    this.#linger(LINGER_MS);
  }

  sendKeepAlive(): void {
    if (!this.ended) writePing(this.wire, KEEP_ALIVE_PING, 0);
  }

  onKeepAliveTimeout(): void {
    if (this.ended) return;
    this.counters.keepAliveTimeouts++;
    this.wire.destroy(new Error('no answer to a keep-alive ping'));
  }
}
