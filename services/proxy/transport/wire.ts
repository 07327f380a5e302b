import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { LARGE_CHUNK_BYTES, returnChunk, SMALL_CHUNK_BYTES, takeChunk } from './chunk-pool.ts';
import { parentOf } from './handle.ts';
import { flushThisTurn } from './turn.ts';

/** What a protocol does with what comes from a wire. */
export interface WireReceiver {
  /** Bytes arrived. The chunk is only lent: copy what must outlive the call, or see `Wire.claimRead`. */
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

/** Bytes to be written, and the pool's chunk they lie in, if they do. */
interface FullChunk {
  readonly bytes: Buffer;
  readonly chunk: Buffer | undefined;
}

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
  /** Reads go to chunks of the pool, for a receiver that claims them; otherwise all sockets share one buffer. */
  claimsReads = false;
  /** Set by the feed of a socket that can give chunks away. */
  source: { claim(): Buffer | undefined } | undefined;
  closed = false;
  readonly #full: FullChunk[] = [];
  #fullBytes = 0;
  /** Chunks the kernel has not wholly taken yet: not ours to write into until the socket drained. */
  readonly #lent: Buffer[] = [];
  #dirty = false;
  #ending = false;
  /** Both directions are to be closed when everything is written. */
  #closing = false;
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
      // Of a TLS record that does not open Node tells only: the socket would stay, and read nothing more.
      this.socket.destroy();
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

  /**
   * Called from `onBytes`, takes over the pool's chunk that the bytes lie in; to be passed to `writeOwned` with them.
   * Undefined where they lie in a shared buffer: those must be copied.
   */
  claimRead(): Buffer | undefined {
    return this.source?.claim();
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

  /**
   * Passes a buffer on without a copy, after what was written before; the caller gives it up. `chunk` is the pool's
   * chunk that the bytes lie in, if they do.
   */
  writeOwned(bytes: Buffer, chunk?: Buffer): void {
    this.reserve(0);
    if (this.used > 0) this.#stash();
    this.#full.push({ bytes, chunk });
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
    const bytes = this.used === this.out.length ? this.out : this.out.subarray(0, this.used);
    this.#full.push({ bytes, chunk: this.out });
    this.#fullBytes += this.used;
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
    if (this.#full.length > 0) this.#flushFull();
    else if (this.used > 0) this.#flushOne();
    if (this.#ending && this.#full.length === 0) {
      this.#finished = true;
      if (this.#closing) this.socket.destroySoon();
      else this.socket.end();
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

  #flushFull(): void {
    if (this.used > 0) this.#stash();
    if (this.#copiesWrites) this.#writeNext();
    else this.#writeAll();
  }

  #writeAll(): void {
    const socket = this.socket;
    socket.cork();
    for (const { bytes, chunk } of this.#full) {
      socket.write(bytes);
      if (chunk !== undefined) this.#lent.push(chunk);
    }
    this.#full.length = 0;
    this.#fullBytes = 0;
    socket.uncork();
  }

  /** TLS encrypts one buffer where it lies, but several only after copying them together: one at a time, then. */
  #writeNext(): void {
    const socket = this.socket;
    if (socket.writableLength > 0) return;
    const next = this.#full.shift();
    if (next === undefined) return;
    this.#fullBytes -= next.bytes.length;
    socket.write(next.bytes, this.#onTlsWritten);
    if (next.chunk !== undefined) returnChunk(next.chunk);
  }

  readonly #onTlsWritten = (): void => {
    if (this.#full.length > 0) this.flush();
    if (!this.closed && this.backlog < BACKLOG_LIMIT_BYTES) this.receiver.onDrained();
  };

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
    this.#closing = true;
    this.end();
    if (this.#finished) this.socket.destroySoon();
    else this.flush();
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
