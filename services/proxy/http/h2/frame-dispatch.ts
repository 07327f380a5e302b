import { H2_ERROR } from '../exchange.ts';
import type { H2Connection } from './connection.ts';
import { FLAG, FRAME, type Frame, MAX_STREAM_ID, MAX_WINDOW_BYTES } from './frame.ts';
import type { FrameSink } from './frame-reader.ts';
import { writePing, writeSettingsAck } from './frame-writer.ts';
import { HeaderAssembly } from './header-assembly.ts';
import { applySettings, SETTING, type SettingsTarget } from './settings.ts';
import type { H2Stream } from './stream.ts';

const PRIORITY_BYTES = 5;
/** What is unfinished until the first SETTINGS. */
const HELLO = 'hello';
const NO_STREAM = 'a frame that belongs to a stream names none';

/** Checks every frame of a connection (RFC 9113 section 6) and does what it says; all that both sides share. */
export class FrameDispatch implements FrameSink, SettingsTarget {
  readonly #connection: H2Connection;
  #sawSettings = false;
  #sawAck = false;
  #assembly: HeaderAssembly | undefined;
  /** DATA frames that had been sent when the last WINDOW_UPDATE came. */
  #sentAtUpdate = 0;

  constructor(connection: H2Connection) {
    this.#connection = connection;
  }

  /** The hello or the header block that has begun and has not ended. */
  get unfinished(): unknown {
    return this.#sawSettings ? this.#assembly : HELLO;
  }

  onFrameTooLarge(length: number): void {
    this.#connection.fail(H2_ERROR.frameSizeError, `a frame of ${length} bytes`);
  }

  onFrame(frame: Frame): void {
    if (this.#assembly !== undefined && frame.type !== FRAME.continuation) {
      this.#connection.fail(H2_ERROR.protocolError, 'a header block was interrupted');
      return;
    }
    if (!this.#sawSettings && frame.type !== FRAME.settings) {
      this.#connection.fail(H2_ERROR.protocolError, 'the first frame is not SETTINGS');
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
        return this.#connection.fail(H2_ERROR.protocolError, 'PUSH_PROMISE was not allowed');
      case FRAME.priority:
        return this.#onPriority(frame);
      default:
        this.#connection.takeIdleFrame();
    }
  }

  #onData(frame: Frame): void {
    const bytes = frame.end - frame.start;
    if (frame.streamId === 0) return this.#connection.fail(H2_ERROR.protocolError, NO_STREAM);
    if (!this.#connection.receiveFlow.take(bytes))
      return this.#connection.fail(H2_ERROR.flowControlError, 'connection window exceeded');
    const overhead = this.#stripPadding(frame);
    if (overhead < 0) return;
    const stream = this.#connection.findStream(frame.streamId);
    if (stream === undefined || stream.remoteEnded) return this.#onStrayData(frame, bytes, stream);
    stream.receiveWindow -= bytes;
    if (stream.receiveWindow < 0) {
      this.#connection.receiveFlow.giveBack(bytes);
      return this.#connection.resetStream(stream, H2_ERROR.flowControlError, 'stream window exceeded');
    }
    if (overhead > 0) {
      this.#connection.receiveFlow.giveBack(overhead);
      stream.growReceiveWindow(overhead);
    }
    const end = (frame.flags & FLAG.endStream) !== 0;
    if (frame.end > frame.start) this.#connection.floods.usefulFrames++;
    else if (!end && !this.#connection.floods.take('emptyFrames')) return this.#connection.calm('empty DATA');
    if (!stream.receiveData(frame.bytes.subarray(frame.start, frame.end), end)) {
      this.#connection.receiveFlow.giveBack(frame.end - frame.start);
      this.#connection.malformed(stream, 'DATA that does not fit its message');
    }
  }

  /** DATA for a stream that is gone or has ended: an error, except where our own reset was on its way. */
  #onStrayData(frame: Frame, bytes: number, stream: H2Stream | undefined): void {
    const id = frame.streamId;
    this.#connection.receiveFlow.giveBack(bytes);
    if (this.#connection.isIdleStream(id))
      return this.#connection.fail(H2_ERROR.protocolError, 'DATA on an idle stream');
    if (this.#connection.recentlyReset.has(id)) return this.#connection.takeIdleFrame();
    if (stream !== undefined)
      return this.#connection.resetStream(stream, H2_ERROR.streamClosed, 'DATA after END_STREAM');
    this.#connection.refuseStream(id, H2_ERROR.streamClosed);
  }

  /** Cuts the padding off; returns the bytes it took, or -1 after failing the connection (section 6.1). */
  #stripPadding(frame: Frame): number {
    if ((frame.flags & FLAG.padded) === 0) return 0;
    const padding = frame.start < frame.end ? frame.bytes[frame.start]! : 255;
    if (padding >= frame.end - frame.start) {
      this.#connection.fail(H2_ERROR.protocolError, 'more padding than payload');
      return -1;
    }
    frame.start++;
    frame.end -= padding;
    return padding + 1;
  }

  #onHeaders(frame: Frame): void {
    if (frame.streamId === 0) return this.#connection.fail(H2_ERROR.protocolError, NO_STREAM);
    if (this.#stripPadding(frame) < 0) return;
    if ((frame.flags & FLAG.priority) !== 0 && !this.#stripPriority(frame)) return;
    this.#connection.floods.usefulFrames++;
    if ((frame.flags & FLAG.endHeaders) === 0) {
      this.#assembly = new HeaderAssembly({ frame, block: frame }, this.#connection.config.floods);
    } else {
      this.#connection.onHeaderBlock(frame.streamId, (frame.flags & FLAG.endStream) !== 0, frame);
    }
  }

  /** Cuts the priority off; false after failing the connection. */
  #stripPriority(frame: Frame): boolean {
    if (frame.end - frame.start < PRIORITY_BYTES) {
      this.#connection.fail(H2_ERROR.frameSizeError, 'HEADERS too short');
      return false;
    }
    if (!this.#checkDependency(frame)) return false;
    frame.start += PRIORITY_BYTES;
    return true;
  }

  /** Nothing comes of priorities, but no stream depends on itself (RFC 7540 section 5.3.1). */
  #checkDependency(frame: Frame): boolean {
    if ((frame.bytes.readUInt32BE(frame.start) & MAX_STREAM_ID) !== frame.streamId) return true;
    this.#connection.fail(H2_ERROR.protocolError, 'a stream that depends on itself');
    return false;
  }

  #onContinuation(frame: Frame): void {
    const assembly = this.#assembly;
    if (assembly === undefined || assembly.streamId !== frame.streamId) {
      return this.#connection.fail(H2_ERROR.protocolError, 'CONTINUATION without HEADERS');
    }
    if (!assembly.add(frame)) return this.#connection.calm('CONTINUATION');
    if ((frame.flags & FLAG.endHeaders) === 0) return;
    this.#assembly = undefined;
    this.#connection.onHeaderBlock(assembly.streamId, assembly.endStream, assembly.block);
  }

  #onWindowUpdate(frame: Frame): void {
    if (frame.end - frame.start !== 4)
      return this.#connection.fail(H2_ERROR.frameSizeError, 'WINDOW_UPDATE of a wrong size');
    if (!this.#takeWindowUpdate()) return;
    const bytes = frame.bytes.readUInt32BE(frame.start) & 0x7fffffff;
    if (frame.streamId === 0) {
      if (bytes === 0) return this.#connection.fail(H2_ERROR.protocolError, 'WINDOW_UPDATE of 0');
      if (!this.#connection.sendFlow.grow(bytes))
        this.#connection.fail(H2_ERROR.flowControlError, 'connection window overflow');
      return;
    }
    const stream = this.#connection.findStream(frame.streamId);
    if (stream === undefined) {
      if (this.#connection.isIdleStream(frame.streamId))
        this.#connection.fail(H2_ERROR.protocolError, 'WINDOW_UPDATE on an idle stream');
    } else if (bytes === 0) {
      this.#connection.malformed(stream, 'WINDOW_UPDATE of 0');
    } else if (!stream.growSendWindow(bytes)) {
      this.#connection.resetStream(stream, H2_ERROR.flowControlError, 'stream window overflow');
    } else {
      stream.resumeSending();
    }
  }

  /** Counts an update that no DATA sent since the last one explains; false after failing the connection. */
  #takeWindowUpdate(): boolean {
    const { floods, sendFlow } = this.#connection;
    if (sendFlow.sentFrames !== this.#sentAtUpdate) this.#sentAtUpdate = sendFlow.sentFrames;
    else if (!floods.take('windowUpdates')) {
      this.#connection.calm('WINDOW_UPDATE');
      return false;
    }
    return true;
  }

  #onRstStream(frame: Frame): void {
    if (frame.streamId === 0) return this.#connection.fail(H2_ERROR.protocolError, NO_STREAM);
    if (frame.end - frame.start !== 4)
      return this.#connection.fail(H2_ERROR.frameSizeError, 'RST_STREAM of a wrong size');
    const stream = this.#connection.findStream(frame.streamId);
    if (stream === undefined) {
      if (this.#connection.isIdleStream(frame.streamId))
        this.#connection.fail(H2_ERROR.protocolError, 'RST_STREAM on an idle stream');
      else this.#connection.takeIdleFrame();
      return;
    }
    this.#connection.counters.resetsReceived++;
    if (!this.#connection.takePeerReset(stream)) return;
    const code = frame.bytes.readUInt32BE(frame.start);
    this.#connection.closeStream(stream, {
      kind: 'reset',
      code,
      message: `stream reset by the peer with code ${code}`,
      unprocessed: code === H2_ERROR.refusedStream,
    });
  }

  #onSettings(frame: Frame): void {
    if (frame.streamId !== 0) return this.#connection.fail(H2_ERROR.protocolError, 'SETTINGS on a stream');
    const first = !this.#sawSettings;
    this.#sawSettings = true;
    if ((frame.flags & FLAG.ack) !== 0) {
      if (frame.end !== frame.start)
        return this.#connection.fail(H2_ERROR.frameSizeError, 'SETTINGS ack with a payload');
      if (first) return this.#connection.fail(H2_ERROR.protocolError, 'the first frame is not SETTINGS');
      this.#connection.receiveWindowBytes = this.#connection.config.streamWindowBytes;
      if (this.#sawAck) this.#connection.takeIdleFrame();
      this.#sawAck = true;
      return;
    }
    if (!this.#connection.floods.take('settings')) return this.#connection.calm('SETTINGS');
    const error = applySettings(frame, this);
    if (error !== H2_ERROR.noError) return this.#connection.fail(error, 'a setting out of its range');
    // First the acknowledgement: until it has it, the peer holds us to the settings of before.
    writeSettingsAck(this.#connection.wire);
    this.#connection.onSettingsApplied();
    for (const stream of [...this.#connection.openStreams()]) stream.resumeSending();
  }

  applySetting(identifier: number, value: number): number {
    if (identifier === SETTING.headerTableSize)
      this.#connection.headWriter.encoder.hpack.setPeerTableBytes(value);
    else if (identifier === SETTING.maxConcurrentStreams) this.#connection.onMaxConcurrentStreams(value);
    else if (identifier === SETTING.initialWindowSize) return this.#setStreamWindow(value);
    return H2_ERROR.noError;
  }

  #setStreamWindow(bytes: number): number {
    const change = bytes - this.#connection.sendFlow.streamWindow;
    this.#connection.sendFlow.streamWindow = bytes;
    for (const stream of this.#connection.openStreams()) {
      if (!stream.growSendWindow(change)) return H2_ERROR.flowControlError;
    }
    return H2_ERROR.noError;
  }

  #onPing(frame: Frame): void {
    if (frame.end - frame.start !== 8)
      return this.#connection.fail(H2_ERROR.frameSizeError, 'PING of a wrong size');
    if (frame.streamId !== 0) return this.#connection.fail(H2_ERROR.protocolError, 'PING on a stream');
    if ((frame.flags & FLAG.ack) !== 0) {
      this.#connection.takeIdleFrame();
      return this.#connection.onPingAck(frame);
    }
    if (!this.#connection.floods.take('pings')) return this.#connection.calm('PING');
    writePing(this.#connection.wire, frame.bytes.subarray(frame.start, frame.end), FLAG.ack);
  }

  #onGoAwayFrame(frame: Frame): void {
    if (frame.streamId !== 0) return this.#connection.fail(H2_ERROR.protocolError, 'GOAWAY on a stream');
    if (frame.end - frame.start < 8)
      return this.#connection.fail(H2_ERROR.frameSizeError, 'GOAWAY too short');
    this.#connection.counters.goAwaysReceived++;
    this.#connection.takeIdleFrame();
    const { bytes, start } = frame;
    this.#connection.onGoAway(bytes.readUInt32BE(start) & MAX_WINDOW_BYTES, bytes.readUInt32BE(start + 4));
  }

  #onPriority(frame: Frame): void {
    if (frame.streamId === 0) return this.#connection.fail(H2_ERROR.protocolError, NO_STREAM);
    if (frame.end - frame.start !== PRIORITY_BYTES)
      return this.#connection.fail(H2_ERROR.frameSizeError, 'PRIORITY of a wrong size');
    if (!this.#checkDependency(frame)) return;
    this.#connection.takeIdleFrame();
  }
}
