import type { OnReadOpts } from 'node:net';
import type { Wire } from './wire.ts';

const READ_BYTES = 65_536;
const SMALLEST_READ_BYTES = 16_384;

/** Reads of all sockets land here, one after another: a receiver is done with the bytes when its call returns. */
const SHARED = Buffer.allocUnsafeSlow(READ_BYTES);

/** Connects a socket's reads to a wire before the wire exists: sockets take their read callback when they are made. */
export class ReadFeed {
  wire: Wire | undefined;
  #own: Buffer | undefined;

  /** The option for `new Socket` and `net.connect`; Node asks for a buffer before every read. */
  readonly onread: OnReadOpts = {
    buffer: () => this.#nextBuffer(),
    callback: (bytesRead, buffer) => this.#feed(bytesRead, buffer as Buffer),
  };

  #nextBuffer(): Buffer {
    const wire = this.wire;
    if (wire === undefined || wire.lendsReads) return SHARED;
    if (this.#own === undefined || this.#own.length < SMALLEST_READ_BYTES)
      this.#own = Buffer.allocUnsafeSlow(READ_BYTES);
    return this.#own;
  }

  #feed(bytesRead: number, buffer: Buffer): boolean {
    const wire = this.wire;
    if (wire === undefined) return true;
    // What was read into our own buffer now belongs to the receiver; the rest of it serves the next read.
    if (buffer === this.#own) this.#own = buffer.subarray(bytesRead);
    // A receiver that turned to owned reads during the last read gets this one from the shared buffer still.
    const lent = buffer === SHARED && !wire.lendsReads;
    const bytes = buffer.subarray(0, bytesRead);
    wire.receiver.onBytes(lent ? Buffer.from(bytes) : bytes);
    return true;
  }
}
