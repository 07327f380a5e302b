import type { OnReadOpts } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { LARGE_CHUNK_BYTES, takeChunk } from './chunk-pool.ts';
import type { Wire } from './wire.ts';

/** Reads of all sockets land here, one after another: a receiver is done with the bytes when its call returns. */
const SHARED = Buffer.allocUnsafeSlow(LARGE_CHUNK_BYTES);

/** Connects a socket's reads to a wire before the wire exists: sockets take their read callback when they are made. */
export class ReadFeed {
  #wire: Wire | undefined;
  #own: Buffer | undefined;

  /** The option for `new Socket` and `net.connect`; Node asks for a buffer after every read. */
  readonly onread: OnReadOpts = {
    buffer: () => this.#nextBuffer(),
    callback: (bytesRead, buffer) => {
      this.#wire?.receiver.onBytes((buffer as Buffer).subarray(0, bytesRead));
      return true;
    },
  };

  set wire(wire: Wire) {
    this.#wire = wire;
    wire.source = this;
  }

  #nextBuffer(): Buffer {
    if (this.#wire?.claimsReads !== true) return SHARED;
    this.#own ??= takeChunk(LARGE_CHUNK_BYTES);
    return this.#own;
  }

  /** Gives the chunk away that was just read into; the next read takes another. */
  claim(): Buffer | undefined {
    const chunk = this.#own;
    this.#own = undefined;
    return chunk;
  }
}

/** The fields by which Node's streams know of a read buffer, as `onread` sets them for plain sockets. */
type ReadFields = Record<symbol, unknown> & { readonly _handle: { useUserBuffer(buffer: Buffer): void } };

/**
 * Lets a TLS socket read into the shared buffer too; Node offers that to sockets it connects itself only. It saves a
 * buffer for every record. Call it when the handshake is done; reading begins at once.
 */
export function feedTls(socket: TLSSocket, wire: Wire): void {
  const fields = socket as unknown as ReadFields;
  const symbolOf = (name: string): symbol => {
    const symbol = Object.getOwnPropertySymbols(socket).find(({ description }) => description === name);
    if (symbol === undefined) throw new Error(`this Node's sockets have no ${name}`);
    return symbol;
  };
  fields[symbolOf('kBuffer')] = SHARED;
  fields[symbolOf('kBufferGen')] = null;
  fields[symbolOf('kBufferCb')] = (bytesRead: number, buffer: Buffer) => {
    const bytes = buffer.subarray(0, bytesRead);
    // One read may hold many records, and they come though the first of them made the receiver pause.
    if (socket.isPaused() || socket.readableLength > 0) return socket.push(Buffer.from(bytes));
    wire.receiver.onBytes(bytes);
    return true;
  };
  fields._handle.useUserBuffer(SHARED);
  // What came with the end of the handshake, or during a pause, waits in the stream.
  socket.on('data', (chunk: Buffer) => wire.receiver.onBytes(chunk));
  // Whoever took the wire may have paused it: said again, it stops the handle too.
  if (socket.isPaused()) socket.pause();
  else socket.resume();
}
