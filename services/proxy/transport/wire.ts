import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { LARGE_CHUNK_BYTES, returnChunk, SMALL_CHUNK_BYTES, takeChunk } from './chunk-pool.ts';
import { parentOf } from './handle.ts';
import { flushThisTurn } from './turn.ts';

/** What a protocol does with what comes from a wire. */
export interface WireReceiver {
  /** Bytes arrived. The chunk is only lent: copy what must outlive the call (see `Wire.lendsReads`). */
  onBytes(chunk: Buffer): void;
  /** The peer has finished writing; it may still read. */
  onEnd(): void;
  /** Nothing will come or go any more; called once, with the error that ended it if there was one. */
  onClosed(error: Error | undefined): void;
  /** The backlog is below its limit again, after it may have been above. */
  onDrained(): void;
}

/** Above this many bytes of backlog a writer should hold further body bytes until `onDrained`. */
export const BACKLOG_LIMIT_BYTES = 262_144;

const NO_CHUNK = Buffer.alloc(0);

/**
 * One TCP or TLS connection as the codecs use it: bytes in by callback, bytes out gathered during an event-loop
 * turn and written once. Encoders write straight into `out` at `used` after `reserve(n)`:
 *
 *     const at = wire.reserve(9);          // room for 9 bytes; wire.out may be another buffer now
 *     wire.out.writeUInt32BE(x, at); …
 *     wire.used = at + 9;
 */
export class Wire {
  readonly socket: Socket;
  out: Buffer = NO_CHUNK;
  used = 0;
  receiver: WireReceiver;
  /** False while the bytes handed to `onBytes` belong to the receiver (fresh buffers), true while they are lent. */
  lendsReads = true;
  closed = false;
  readonly #full: Buffer[] = [];
  /** The pool's chunks among `#full`, to be lent when they are written. */
  readonly #fullChunks: Buffer[] = [];
  #fullBytes = 0;
  /** Chunks the kernel has not wholly taken yet: not ours to write into until the socket drained. */
  readonly #lent: Buffer[] = [];
  #dirty = false;
  #ending = false;
  /** The FIN is on its way: nothing can follow it. */
  #finished = false;
  #error: Error | undefined;

  /** TLS has encrypted the bytes when a write to an idle socket returns; the kernel may still read TCP's. */
  readonly #copiesWrites: boolean;
  readonly #listeners = {
    drain: () => this.#onDrain(),
    end: () => this.receiver.onEnd(),
    error: (error: Error) => {
      this.#error ??= error;
    },
    close: () => this.#onClose(),
  };

  constructor(socket: Socket, receiver: WireReceiver) {
    this.socket = socket;
    this.receiver = receiver;
    this.#copiesWrites = socket instanceof TLSSocket;
    for (const [event, listener] of Object.entries(this.#listeners)) socket.on(event, listener);
  }

  /** Gives the socket up to somebody else (a TLS handshake); nothing must be waiting to be written. */
  detach(): Socket {
    for (const [event, listener] of Object.entries(this.#listeners)) this.socket.off(event, listener);
    this.closed = true;
    this.#drop();
    return this.socket;
  }

  /** Bytes written here that the kernel has not taken. */
  get backlog(): number {
    return this.socket.writableLength + this.#fullBytes + this.used;
  }

  /** Makes room for `bytes` more at `used`, which it returns, and books a flush at the end of this turn. */
  reserve(bytes: number): number {
    if (!this.#dirty) {
      this.#dirty = true;
      flushThisTurn(this);
    }
    if (this.used + bytes > this.out.length) this.#grow(bytes);
    return this.used;
  }

  writeLatin1(text: string): void {
    const at = this.reserve(text.length);
    this.used = at + this.out.latin1Write(text, at, text.length);
  }

  /** Copies the bytes: the caller may reuse its buffer at once. */
  writeBytes(bytes: Buffer): void {
    const at = this.reserve(bytes.length);
    bytes.copy(this.out, at);
    this.used = at + bytes.length;
  }

  /** Passes a buffer on without a copy, after what was written before; the caller gives it up. */
  writeOwned(bytes: Buffer): void {
    this.reserve(0);
    if (this.used > 0) this.#stash();
    this.#full.push(bytes);
    this.#fullBytes += bytes.length;
  }

  #grow(bytes: number): void {
    const needed = this.used + bytes;
    if (this.used > 0 && needed > LARGE_CHUNK_BYTES) {
      this.#stash();
      this.out = takeChunk(Math.max(bytes, LARGE_CHUNK_BYTES));
      return;
    }
    const next = takeChunk(Math.max(needed, this.out.length === 0 ? 1 : SMALL_CHUNK_BYTES + 1));
    if (this.used > 0) this.out.copy(next, 0, 0, this.used);
    if (this.out.length > 0) returnChunk(this.out);
    this.out = next;
  }

  #stash(): void {
    this.#full.push(this.used === this.out.length ? this.out : this.out.subarray(0, this.used));
    this.#fullBytes += this.used;
    this.#fullChunks.push(this.out);
    this.out = NO_CHUNK;
    this.used = 0;
  }

  /** Hands the gathered bytes to the socket; `flushThisTurn` calls it, others need not. */
  flush(): void {
    this.#dirty = false;
    if (this.closed || this.#finished) {
      this.#drop();
      return;
    }
    const wasFull = this.backlog >= BACKLOG_LIMIT_BYTES;
    if (this.#lent.length > 0 && this.socket.writableLength === 0) this.#reclaim();
    if (this.#full.length > 0) this.#flushMany();
    else if (this.used > 0) this.#flushOne();
    if (this.#ending) {
      this.#finished = true;
      this.socket.end();
    } else if (wasFull && this.socket.writableLength === 0) {
      // Node says nothing of a single write that the kernel took at once.
      this.receiver.onDrained();
    }
  }

  #flushOne(): void {
    const chunk = this.out;
    const socket = this.socket;
    const idle = socket.writableLength === 0;
    socket.write(this.used === chunk.length ? chunk : chunk.subarray(0, this.used));
    this.used = 0;
    this.out = NO_CHUNK;
    // A socket that took all of it at once no longer looks at the chunk.
    if (idle && (this.#copiesWrites || socket.writableLength === 0)) returnChunk(chunk);
    else this.#lent.push(chunk);
  }

  #flushMany(): void {
    const socket = this.socket;
    if (this.used > 0) this.#stash();
    socket.cork();
    for (const chunk of this.#full) socket.write(chunk);
    this.#lent.push(...this.#fullChunks);
    this.#fullChunks.length = 0;
    this.#full.length = 0;
    this.#fullBytes = 0;
    socket.uncork();
  }

  #onDrain(): void {
    if (this.socket.writableLength === 0) this.#reclaim();
    // With more than the limit gathered already, the flush of that brings another drain.
    if (this.backlog < BACKLOG_LIMIT_BYTES) this.receiver.onDrained();
  }

  #reclaim(): void {
    for (const chunk of this.#lent) returnChunk(chunk);
    this.#lent.length = 0;
  }

  #onClose(): void {
    if (this.closed) return;
    this.closed = true;
    this.#drop();
    this.receiver.onClosed(this.#error);
  }

  #drop(): void {
    if (this.out.length > 0) returnChunk(this.out);
    this.out = NO_CHUNK;
    this.used = 0;
    this.#full.length = 0;
    this.#fullChunks.length = 0;
    this.#fullBytes = 0;
    // The kernel may still read these: the garbage collector takes them, not the pool.
    this.#lent.length = 0;
  }

  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    if (!this.closed) this.socket.resume();
  }

  /** Sends what is gathered, then a FIN; reading goes on. What is written after that turn is dropped. */
  end(): void {
    if (this.#ending || this.closed) return;
    this.#ending = true;
    this.reserve(0);
  }

  /** Sends what is gathered as far as the kernel takes it, and closes both directions. */
  endAndClose(): void {
    this.end();
    this.flush();
    this.socket.destroySoon();
  }

  /** Closes at once; what is gathered is lost. `error` goes to `onClosed`. */
  destroy(error?: Error): void {
    this.#error ??= error;
    this.socket.destroy();
  }

  /** Closes with a TCP reset, so that the peer sees an abort rather than an end; what is gathered is lost. */
  reset(): void {
    if (this.socket.destroyed) return;
    const { socket } = this;
    // Node resets TCP handles only: that of the socket under the TLS one, which closes with it.
    if (socket instanceof TLSSocket) parentOf(socket)?.resetAndDestroy();
    else socket.resetAndDestroy();
    socket.destroy();
  }
}
