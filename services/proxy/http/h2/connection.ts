import { type Clock, systemClock } from '#lib/base';
import type { Wire, WireReceiver } from '../../transport/wire.ts';
import { H2_ERROR } from '../exchange.ts';
import type { HeaderBlock } from '../hpack/head-reader.ts';
import { createH2Counters, DEFAULT_H2_CONFIG, type H2Config, type H2Counters } from './config.ts';
import { FloodGuard } from './flood-guard.ts';
import { DEFAULT_WINDOW_BYTES, FLAG, FRAME, type Frame, MAX_WINDOW_BYTES } from './frame.ts';
import { FrameReader, type FrameSink } from './frame-reader.ts';
import { writeGoAway, writePing, writeRstStream, writeSettings, writeSettingsAck } from './frame-writer.ts';
import { HeadWriter } from './head-writer.ts';
import { HeaderAssembly } from './header-assembly.ts';
import { KeepAlive } from './keep-alive.ts';
import { ReceiveFlow } from './receive-flow.ts';
import { RecentIds } from './recent-ids.ts';
import { SendFlow } from './send-flow.ts';
import { applySettings, listOwnSettings, SETTING } from './settings.ts';
import type { H2Stream, StreamEnd } from './stream.ts';

export interface H2ConnectionOptions {
  readonly config?: H2Config;
  /** Shared with other connections; own ones otherwise. */
  readonly counters?: H2Counters;
  readonly clock?: Clock;
}

const KEEP_ALIVE_PING = Buffer.from('l5d-live', 'latin1');
const NO_STREAM_HEADER = 'a frame that belongs to a stream names none';

/**
 * The part of an HTTP/2 connection that both sides share (RFC 9113): frames in and out, settings, flow control,
 * pings, resets, floods, errors. What a header block means differs: the two sides extend it.
 */
export abstract class H2Connection implements WireReceiver, FrameSink {
  readonly wire: Wire;
  readonly config: H2Config;
  readonly counters: H2Counters;
  readonly sendFlow: SendFlow;
  readonly receiveFlow: ReceiveFlow;
  readonly headWriter: HeadWriter;
  /** What a new stream's peer may send. */
  receiveWindowBytes: number;
  /** No frames are read or written any more. */
  ended = false;
  protected readonly clock: Clock;
  protected readonly frames = new FrameReader(this);
  /** The highest stream id the peer has used. */
  protected lastPeerId = 0;
  /** Streams that came to their end: useful work. */
  protected wholeStreams = 0;
  protected readonly recentlyReset = new RecentIds();
  readonly #keepAlive: KeepAlive | undefined;
  readonly #resets: FloodGuard;
  readonly #pings: FloodGuard;
  readonly #settings: FloodGuard;
  readonly #emptyFrames: FloodGuard;
  readonly #idleFrames: FloodGuard;
  #usefulFrames = 0;
  #sawSettings = false;
  #assembly: HeaderAssembly | undefined;

  constructor(wire: Wire, options: H2ConnectionOptions) {
    this.wire = wire;
    this.config = options.config ?? DEFAULT_H2_CONFIG;
    this.counters = options.counters ?? createH2Counters();
    this.clock = options.clock ?? systemClock;
    this.sendFlow = new SendFlow(wire);
    this.receiveFlow = new ReceiveFlow(wire, this.config.connectionWindowBytes);
    this.headWriter = new HeadWriter(wire);
    // Until the peer has our settings it goes by the default.
    this.receiveWindowBytes = Math.max(this.config.streamWindowBytes, DEFAULT_WINDOW_BYTES);
    const { floods, keepAlive } = this.config;
    this.#resets = new FloodGuard(floods.resets);
    this.#pings = new FloodGuard(floods.pings);
    this.#settings = new FloodGuard(floods.settings);
    this.#emptyFrames = new FloodGuard(floods.emptyFrames);
    this.#idleFrames = new FloodGuard(floods.idleFrames);
    this.#keepAlive = keepAlive === undefined ? undefined : new KeepAlive(keepAlive, this);
  }

  /** The open stream of an id. */
  protected abstract findStream(id: number): H2Stream | undefined;
  protected abstract openStreams(): Iterable<H2Stream>;
  /** Whether the id was never used. */
  protected abstract isIdleStream(id: number): boolean;
  protected abstract onHeaderBlock(streamId: number, endStream: boolean, block: HeaderBlock): void;
  /** Takes a closed stream out of the table. */
  protected abstract removeStream(stream: H2Stream): void;
  protected abstract onGoAway(lastStreamId: number, code: number): void;
  protected abstract onMaxConcurrentStreams(count: number): void;
  protected abstract onPingAck(frame: Frame): void;
  /** Ends every open stream; nothing can be sent any more. */
  protected abstract failStreams(end: StreamEnd): void;
  abstract onEnd(): void;
  abstract isIdle(): boolean;
  protected abstract onGone(error: Error | undefined): void;

  protected sendSettings(side: 'client' | 'server'): void {
    writeSettings(this.wire, listOwnSettings(this.config, side));
    this.receiveFlow.open();
  }

  onBytes(chunk: Buffer): void {
    if (this.#keepAlive !== undefined) this.#keepAlive.heard = true;
    if (!this.ended) this.frames.read(chunk);
  }

  onDrained(): void {
    this.sendFlow.releaseHeld();
  }

  onClosed(error: Error | undefined): void {
    const message = error === undefined ? 'connection closed' : error.message;
    this.endStreams({ kind: 'io', code: H2_ERROR.cancel, message, unprocessed: false });
    this.onGone(error);
  }

  onFrameTooLarge(length: number): void {
    this.fail(H2_ERROR.frameSizeError, `a frame of ${length} bytes`);
  }

  onFrame(frame: Frame): void {
    if (this.#assembly !== undefined && frame.type !== FRAME.continuation) {
      this.fail(H2_ERROR.protocolError, 'a header block was interrupted');
      return;
    }
    if (!this.#sawSettings && frame.type !== FRAME.settings) {
      this.fail(H2_ERROR.protocolError, 'the first frame is not SETTINGS');
      return;
    }
    switch (frame.type) {
      case FRAME.data:
        return this.#onData(frame);
      case FRAME.headers:
        return this.#onHeaders(frame);
      case FRAME.windowUpdate:
        return this.#onWindowUpdate(frame);
      case FRAME.rstStream:
        return this.#onRstStream(frame);
      case FRAME.settings:
        return this.#onSettings(frame);
      case FRAME.ping:
        return this.#onPing(frame);
      case FRAME.continuation:
        return this.#onContinuation(frame);
      case FRAME.goAway:
        return this.#onGoAwayFrame(frame);
      case FRAME.pushPromise:
        return this.fail(H2_ERROR.protocolError, 'PUSH_PROMISE was not allowed');
      case FRAME.priority:
        return this.#onPriority(frame);
      default:
        this.takeIdleFrame();
    }
  }

  #onData(frame: Frame): void {
    const bytes = frame.end - frame.start;
    if (frame.streamId === 0) return this.fail(H2_ERROR.protocolError, NO_STREAM_HEADER);
    if (!this.receiveFlow.take(bytes))
      return this.fail(H2_ERROR.flowControlError, 'connection window exceeded');
    const overhead = this.#stripPadding(frame);
    if (overhead < 0) return;
    const stream = this.findStream(frame.streamId);
    if (stream === undefined || stream.remoteEnded) return this.#onStrayData(frame, bytes, stream);
    stream.receiveWindow -= bytes;
    if (stream.receiveWindow < 0) {
      this.receiveFlow.giveBack(bytes);
      return this.resetStream(stream, H2_ERROR.flowControlError, 'stream window exceeded');
    }
    if (overhead > 0) {
      this.receiveFlow.giveBack(overhead);
      stream.growReceiveWindow(overhead);
    }
    const end = (frame.flags & FLAG.endStream) !== 0;
    if (frame.end > frame.start) this.#usefulFrames++;
    else if (!end && !this.#emptyFrames.take(this.clock.monotonic(), this.useful))
      return this.#calm('empty DATA');
    if (!stream.receiveData(frame.bytes.subarray(frame.start, frame.end), end)) {
      this.receiveFlow.giveBack(frame.end - frame.start);
      this.malformed(stream, 'DATA that does not fit its message');
    }
  }

  /** DATA for a stream that is gone or has ended: an error, except where our own reset was on its way. */
  #onStrayData(frame: Frame, bytes: number, stream: H2Stream | undefined): void {
    const id = frame.streamId;
    this.receiveFlow.giveBack(bytes);
    if (this.isIdleStream(id)) return this.fail(H2_ERROR.protocolError, 'DATA on an idle stream');
    if (this.recentlyReset.has(id)) return this.takeIdleFrame();
    if (stream !== undefined) return this.resetStream(stream, H2_ERROR.streamClosed, 'DATA after END_STREAM');
    this.refuseStream(id, H2_ERROR.streamClosed);
  }

  /** Cuts the padding off; returns the bytes it took, or -1 after failing the connection (section 6.1). */
  #stripPadding(frame: Frame): number {
    if ((frame.flags & FLAG.padded) === 0) return 0;
    const padding = frame.start < frame.end ? frame.bytes[frame.start]! : 255;
    if (padding >= frame.end - frame.start) {
      this.fail(H2_ERROR.protocolError, 'more padding than payload');
      return -1;
    }
    frame.start++;
    frame.end -= padding;
    return padding + 1;
  }

  #onHeaders(frame: Frame): void {
    if (frame.streamId === 0) return this.fail(H2_ERROR.protocolError, NO_STREAM_HEADER);
    if (this.#stripPadding(frame) < 0) return;
    if ((frame.flags & FLAG.priority) !== 0) frame.start += 5;
    if (frame.start > frame.end) return this.fail(H2_ERROR.frameSizeError, 'HEADERS too short');
    this.#usefulFrames++;
    if ((frame.flags & FLAG.endHeaders) === 0) {
      this.#assembly = new HeaderAssembly({ frame, block: frame }, this.config.floods);
    } else {
      this.onHeaderBlock(frame.streamId, (frame.flags & FLAG.endStream) !== 0, frame);
    }
  }

  #onContinuation(frame: Frame): void {
    const assembly = this.#assembly;
    if (assembly === undefined || assembly.streamId !== frame.streamId) {
      return this.fail(H2_ERROR.protocolError, 'CONTINUATION without HEADERS');
    }
    if (!assembly.add(frame)) return this.#calm('CONTINUATION');
    if ((frame.flags & FLAG.endHeaders) === 0) return;
    this.#assembly = undefined;
    this.onHeaderBlock(assembly.streamId, assembly.endStream, assembly.block);
  }

  #onWindowUpdate(frame: Frame): void {
    if (frame.end - frame.start !== 4)
      return this.fail(H2_ERROR.frameSizeError, 'WINDOW_UPDATE of a wrong size');
    const bytes = frame.bytes.readUInt32BE(frame.start) & 0x7fffffff;
    if (frame.streamId === 0) {
      if (bytes === 0) return this.fail(H2_ERROR.protocolError, 'WINDOW_UPDATE of 0');
      if (!this.sendFlow.grow(bytes)) this.fail(H2_ERROR.flowControlError, 'connection window overflow');
      return;
    }
    const stream = this.findStream(frame.streamId);
    if (stream === undefined) {
      if (this.isIdleStream(frame.streamId))
        this.fail(H2_ERROR.protocolError, 'WINDOW_UPDATE on an idle stream');
    } else if (bytes === 0) {
      this.malformed(stream, 'WINDOW_UPDATE of 0');
    } else if (!stream.growSendWindow(bytes)) {
      this.resetStream(stream, H2_ERROR.flowControlError, 'stream window overflow');
    }
  }

  #onRstStream(frame: Frame): void {
    if (frame.streamId === 0) return this.fail(H2_ERROR.protocolError, NO_STREAM_HEADER);
    if (frame.end - frame.start !== 4)
      return this.fail(H2_ERROR.frameSizeError, 'RST_STREAM of a wrong size');
    const stream = this.findStream(frame.streamId);
    if (stream === undefined) {
      if (this.isIdleStream(frame.streamId))
        this.fail(H2_ERROR.protocolError, 'RST_STREAM on an idle stream');
      else this.takeIdleFrame();
      return;
    }
    this.counters.resetsReceived++;
    if (!this.takeReset()) return;
    const code = frame.bytes.readUInt32BE(frame.start);
    this.closeStream(stream, {
      kind: 'reset',
      code,
      message: `stream reset by the peer with code ${code}`,
      unprocessed: code === H2_ERROR.refusedStream,
    });
  }

  #onSettings(frame: Frame): void {
    if (frame.streamId !== 0) return this.fail(H2_ERROR.protocolError, 'SETTINGS on a stream');
    const first = !this.#sawSettings;
    this.#sawSettings = true;
    if ((frame.flags & FLAG.ack) !== 0) {
      if (frame.end !== frame.start) return this.fail(H2_ERROR.frameSizeError, 'SETTINGS ack with a payload');
      if (first) return this.fail(H2_ERROR.protocolError, 'the first frame is not SETTINGS');
      this.receiveWindowBytes = this.config.streamWindowBytes;
      return;
    }
    if (!this.#settings.take(this.clock.monotonic(), this.useful)) return this.#calm('SETTINGS');
    const error = applySettings(frame, this);
    if (error !== H2_ERROR.noError) return this.fail(error, 'a setting out of its range');
    if (!this.ended) writeSettingsAck(this.wire);
  }

  applySetting(identifier: number, value: number): number {
    if (identifier === SETTING.headerTableSize) this.headWriter.encoder.hpack.setPeerTableBytes(value);
    else if (identifier === SETTING.maxConcurrentStreams) this.onMaxConcurrentStreams(value);
    else if (identifier === SETTING.initialWindowSize) return this.#setStreamWindow(value);
    return H2_ERROR.noError;
  }

  #setStreamWindow(bytes: number): number {
    const change = bytes - this.sendFlow.streamWindow;
    this.sendFlow.streamWindow = bytes;
    for (const stream of [...this.openStreams()]) {
      if (!stream.closed && !stream.growSendWindow(change)) return H2_ERROR.flowControlError;
    }
    return H2_ERROR.noError;
  }

  #onPing(frame: Frame): void {
    if (frame.streamId !== 0) return this.fail(H2_ERROR.protocolError, 'PING on a stream');
    if (frame.end - frame.start !== 8) return this.fail(H2_ERROR.frameSizeError, 'PING of a wrong size');
    if ((frame.flags & FLAG.ack) !== 0) return this.onPingAck(frame);
    if (!this.#pings.take(this.clock.monotonic(), this.useful)) return this.#calm('PING');
    writePing(this.wire, frame.bytes.subarray(frame.start, frame.end), FLAG.ack);
  }

  #onGoAwayFrame(frame: Frame): void {
    if (frame.streamId !== 0) return this.fail(H2_ERROR.protocolError, 'GOAWAY on a stream');
    if (frame.end - frame.start < 8) return this.fail(H2_ERROR.frameSizeError, 'GOAWAY too short');
    this.counters.goAwaysReceived++;
    const { bytes, start } = frame;
    this.onGoAway(bytes.readUInt32BE(start) & MAX_WINDOW_BYTES, bytes.readUInt32BE(start + 4));
  }

  #onPriority(frame: Frame): void {
    if (frame.streamId === 0) return this.fail(H2_ERROR.protocolError, NO_STREAM_HEADER);
    if (frame.end - frame.start !== 5) return this.fail(H2_ERROR.frameSizeError, 'PRIORITY of a wrong size');
    this.takeIdleFrame();
  }

  protected get useful(): number {
    return this.#usefulFrames + this.sendFlow.sentFrames;
  }

  protected takeIdleFrame(): void {
    if (!this.#idleFrames.take(this.clock.monotonic(), this.useful)) this.#calm('idle');
  }

  /** Counts a stream that came to nothing; false after failing the connection for too many. */
  protected takeReset(): boolean {
    if (this.#resets.take(this.clock.monotonic(), this.wholeStreams)) return true;
    this.#calm('reset');
    return false;
  }

  #calm(what: string): void {
    this.counters.floods++;
    this.fail(H2_ERROR.enhanceYourCalm, `too many ${what} frames`);
  }

  /** Both directions have ended. */
  finishStream(stream: H2Stream): void {
    if (stream.closed) return;
    stream.closed = true;
    this.wholeStreams++;
    this.removeStream(stream);
  }

  /** Closes a stream before its end, and says so to whoever handles it. */
  protected closeStream(stream: H2Stream, end: StreamEnd): void {
    if (stream.closed) return;
    stream.abandon();
    this.removeStream(stream);
    stream.deliverFailure(end);
  }

  /** Resets a stream for what the peer did, and says so to whoever handles it. */
  protected resetStream(stream: H2Stream, code: number, message: string): void {
    if (stream.closed) return;
    this.refuseStream(stream.id, code);
    this.closeStream(stream, { kind: 'protocol', code, message, unprocessed: false });
  }

  protected malformed(stream: H2Stream, message: string): void {
    this.counters.malformedMessages++;
    this.resetStream(stream, H2_ERROR.protocolError, message);
  }

  /** Sends a reset that the peer has caused. */
  protected refuseStream(id: number, code: number): void {
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

  /** Ends the connection for an error of the peer (section 5.4.1). */
  fail(code: number, text: string): void {
    if (this.ended) return;
    this.counters.connectionErrors++;
    writeGoAway(this.wire, { lastStreamId: this.lastPeerId, code, text });
    this.endStreams({ kind: 'protocol', code, message: text, unprocessed: false });
    this.wire.endAndClose();
  }

  /** Stops reading, and ends every stream that is open. */
  protected endStreams(end: StreamEnd): void {
    if (this.ended) return;
    this.ended = true;
    this.frames.stop();
    this.#keepAlive?.stop();
    this.failStreams(end);
  }

  /** Closes after a graceful end: every stream is done. */
  protected closeGracefully(): void {
    if (this.ended) return;
    writeGoAway(this.wire, { lastStreamId: this.lastPeerId, code: H2_ERROR.noError, text: '' });
    this.endStreams({
      kind: 'goaway',
      code: H2_ERROR.noError,
      message: 'connection closed',
      unprocessed: false,
    });
    this.wire.endAndClose();
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
