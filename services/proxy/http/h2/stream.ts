import type { Field } from '../field.ts';
import { UNKNOWN_LENGTH } from '../head.ts';
import { BodyQueue } from './body-queue.ts';
import type { H2Connection } from './connection.ts';
import { MAX_WINDOW_BYTES } from './frame.ts';
import { writeData, writeWindowUpdate } from './frame-writer.ts';

/**
 * One stream of a connection (RFC 9113 section 5.1), the part that both sides share. Each direction ends by itself;
 * with both ended, or on a reset, it is closed and out of the connection's table.
 *
 *     open ── localEnded ──► half-closed (local) ──┐
 *       └──── remoteEnded ─► half-closed (remote) ─┴─► closed        open ── reset by either ──► closed
 *
 * Every body byte from the producer on this side is credited once, when the wire took it or when it was thrown
 * away. Every body byte from the peer counts as unread until the consumer credits it.
 */
export abstract class H2Stream {
  /** 0 while a client's request waits for its turn. */
  id: number;
  readonly connection: H2Connection;
  localEnded = false;
  remoteEnded = false;
  closed = false;
  /** In the connection's list of those that wait for its window. */
  waiting = false;
  /** What the peer lets us send; negative after it made its initial window smaller. */
  sendWindow: number;
  /** Credit for our producer that waits for the wire to drain. */
  heldCredit = 0;
  /** What the peer may still send. */
  receiveWindow: number;
  /** Body bytes still to come by the content-length, or UNKNOWN_LENGTH. */
  expectedBytes = UNKNOWN_LENGTH;
  #unreadBytes = 0;
  #consumedBytes = 0;
  /** Of the bytes that were unread at a mark, those that still are; not above 0 when none are. */
  #unreadAtMark = 0;
  #queue: BodyQueue | undefined = undefined;

  constructor(connection: H2Connection, id: number) {
    this.connection = connection;
    this.id = id;
    this.sendWindow = connection.sendFlow.streamWindow;
    this.receiveWindow = connection.receiveWindowBytes;
  }

  /** Tells whoever produces the body that `bytes` of it have gone on. */
  abstract creditProducer(bytes: number): void;
  /** Body bytes from the peer; `end` ends its direction. */
  abstract deliverData(chunk: Buffer, end: boolean): void;
  abstract deliverTrailers(fields: readonly Field[]): void;
  /** The stream is over before its end, by the peer or by the connection; nothing more is delivered. */
  abstract deliverFailure(failure: StreamEnd): void;

  sendData(chunk: Buffer, end: boolean): void {
    if (this.localEnded || this.closed) return;
    const length = chunk.length;
    if (length === 0 && !end) return;
    const flow = this.connection.sendFlow;
    const room = this.#room();
    if (this.#queue !== undefined || this.id === 0 || (length > room && length > 0)) {
      this.#sendPart(chunk, end, room);
      return;
    }
    this.#write(chunk, length, end);
    if (end) this.#endLocal();
    if (length > 0) flow.credit(this, length);
  }

  #room(): number {
    return Math.min(this.sendWindow, this.connection.sendFlow.window);
  }

  #sendPart(chunk: Buffer, end: boolean, room: number): void {
    let sent = 0;
    if (this.#queue === undefined) {
      this.#queue = new BodyQueue();
      if (this.id !== 0 && room > 0) {
        this.#write(chunk, room, false);
        sent = room;
      }
    }
    this.#queue.append(chunk, sent);
    this.#queue.ended = end;
    this.connection.sendFlow.queuedBytes += chunk.length - sent;
    this.connection.onQueueGrown();
    if (this.id !== 0 && this.sendWindow > 0) this.connection.sendFlow.wait(this);
    if (sent > 0) this.connection.sendFlow.credit(this, sent);
  }

  #write(chunk: Buffer, bytes: number, end: boolean): void {
    const flow = this.connection.sendFlow;
    this.sendWindow -= bytes;
    flow.window -= bytes;
    if (bytes > 0) {
      flow.sentFrames++;
      flow.sentBytes += bytes;
    }
    writeData(flow.wire, this.id, { chunk, from: 0, to: bytes, end });
  }

  sendTrailers(fields: readonly Field[]): void {
    if (this.localEnded || this.closed) return;
    if (this.#queue !== undefined || this.id === 0) {
      this.#queue ??= new BodyQueue();
      this.#queue.trailers = fields;
      this.#queue.ended = true;
      return;
    }
    this.connection.headWriter.writeTrailers(fields, this.id);
    this.#endLocal();
  }

  /** Sends what the windows let through, up to about `most` bytes, and the end if that is next. */
  sendQueued(most: number): void {
    const queue = this.#queue;
    if (queue === undefined || this.closed || this.id === 0) return;
    let sent = 0;
    while (queue.bytes > 0 && sent < most) {
      const room = Math.min(this.#room(), most - sent);
      if (room <= 0) break;
      const piece = queue.peek(room);
      const last = queue.ended && queue.trailers === undefined && piece.length === queue.bytes;
      this.#write(piece, piece.length, last);
      sent += piece.length;
      queue.drop(piece.length);
      this.connection.sendFlow.queuedBytes -= piece.length;
    }
    if (queue.bytes === 0) this.#finishQueue(queue, sent > 0);
    else if (this.sendWindow > 0) this.connection.sendFlow.wait(this);
    if (sent > 0) this.connection.sendFlow.credit(this, sent);
  }

  #finishQueue(queue: BodyQueue, sentSome: boolean): void {
    this.#queue = undefined;
    if (!queue.ended) return;
    if (queue.trailers !== undefined) this.connection.headWriter.writeTrailers(queue.trailers, this.id);
    else if (!sentSome) this.#write(NO_BYTES, 0, true);
    this.#endLocal();
  }

  /** The header section that was just written ended our direction. */
  protected endLocalWithHead(): void {
    this.#endLocal();
  }

  #endLocal(): void {
    this.localEnded = true;
    if (this.remoteEnded) this.connection.finishStream(this);
  }

  /** The peer lets us send more, or less after it changed its settings; false where the window overflows. */
  growSendWindow(bytes: number): boolean {
    this.sendWindow += bytes;
    return this.sendWindow <= MAX_WINDOW_BYTES;
  }

  /** Sends what has waited for a window that has grown. */
  resumeSending(): void {
    if (this.#queue !== undefined && this.sendWindow > 0) this.sendQueued(MAX_WINDOW_BYTES);
  }

  /** Takes a DATA frame's bytes; false where they don't fit the content-length. */
  receiveData(chunk: Buffer, end: boolean): boolean {
    const length = chunk.length;
    if (this.expectedBytes !== UNKNOWN_LENGTH) {
      this.expectedBytes -= length;
      if (this.expectedBytes < 0 || (end && this.expectedBytes > 0)) return false;
    }
    this.#unreadBytes += length;
    this.remoteEnded = end;
    this.deliverData(chunk, end);
    if (end && this.localEnded) this.connection.finishStream(this);
    return true;
  }

  /** The consumer has done with `bytes` of what it was given; also called after the stream has ended. */
  creditReceived(bytes: number): void {
    const credited = Math.min(bytes, this.#unreadBytes);
    if (credited <= 0) return;
    this.#unreadBytes -= credited;
    this.#unreadAtMark -= credited;
    this.connection.receiveFlow.giveBack(credited);
    if (this.closed) this.onLateCredit();
    else this.growReceiveWindow(credited);
  }

  /** Bytes were read after the end of the stream. */
  protected onLateCredit(): void {}

  get hasUnread(): boolean {
    return this.#unreadBytes > 0;
  }

  /** Remembers what is unread now, up to a quarter of the window: reading that much is reading. */
  markUnread(): void {
    this.#unreadAtMark = Math.min(this.#unreadBytes, this.connection.config.streamWindowBytes / 4);
  }

  isUnreadSinceMark(): boolean {
    return this.#unreadAtMark > 0;
  }

  /** Adds to what the peer may send on this stream, and tells it when half a window has come together. */
  growReceiveWindow(bytes: number): void {
    if (this.remoteEnded || this.closed) return;
    this.#consumedBytes += bytes;
    if (this.#consumedBytes * 2 < this.connection.config.streamWindowBytes) return;
    const consumed = this.#consumedBytes;
    this.#consumedBytes = 0;
    this.receiveWindow += consumed;
    writeWindowUpdate(this.connection.wire, this.id, consumed);
  }

  /** Closes before the end: gives back what nobody will read, and forgets what nobody will send. */
  abandon(): void {
    this.closed = true;
    this.releaseUnread();
  }

  /** Gives back what the consumer has not credited; it need not any more. */
  releaseUnread(): void {
    const unread = this.#unreadBytes;
    this.#unreadBytes = 0;
    if (unread > 0) this.connection.receiveFlow.giveBack(unread);
  }

  /** Bytes of our producer that were thrown away and must be credited still; answers once. */
  takeDroppedBytes(): number {
    const queued = this.#queue?.bytes ?? 0;
    const dropped = this.heldCredit + queued;
    this.connection.sendFlow.queuedBytes -= queued;
    this.heldCredit = 0;
    this.#queue = undefined;
    return dropped;
  }
}

/** How a stream ended before its time. */
export interface StreamEnd {
  readonly kind: 'reset' | 'goaway' | 'io' | 'protocol' | 'slow';
  readonly code: number;
  readonly message: string;
  readonly unprocessed: boolean;
}

const NO_BYTES = Buffer.alloc(0);
