import type { Wire } from '../../transport/wire.ts';
import type { Field } from '../field.ts';
import { BODY } from './framing.ts';
import { LAST_CHUNK, renderTrailers } from './render.ts';

/** Writes the bodies of one direction of a connection, one after another; keeps each to what its head promised. */
export class BodyWriter {
  readonly #wire: Wire;
  /** Bytes of the content-length still to come, or one of BODY. */
  #framing: number = BODY.none;

  constructor(wire: Wire) {
    this.#wire = wire;
  }

  get untilClose(): boolean {
    return this.#framing === BODY.untilClose;
  }

  start(framing: number): void {
    this.#framing = framing;
  }

  /** False if the body would be longer or shorter than its content-length: the connection must be given up. */
  write(chunk: Buffer, end: boolean): boolean {
    if (this.#framing === BODY.none) return true;
    if (this.#framing === BODY.chunked) {
      this.#writeChunk(chunk, end);
      return true;
    }
    if (this.#framing !== BODY.untilClose) {
      if (chunk.length > this.#framing) return false;
      this.#framing -= chunk.length;
    }
    if (chunk.length > 0) this.#wire.writeBytes(chunk);
    return !end || this.#framing <= 0;
  }

  #writeChunk(chunk: Buffer, end: boolean): void {
    if (chunk.length > 0) {
      this.#wire.writeLatin1(`${chunk.length.toString(16)}\r\n`);
      this.#wire.writeBytes(chunk);
      this.#wire.writeLatin1(end ? `\r\n${LAST_CHUNK}` : '\r\n');
    } else if (end) this.#wire.writeLatin1(LAST_CHUNK);
  }

  /** Ends a body with trailers, which only a chunked one can carry. False as for `write`. */
  writeTrailers(fields: readonly Field[]): boolean {
    if (this.#framing === BODY.chunked) this.#wire.writeLatin1(renderTrailers(fields));
    return this.#framing <= 0;
  }
}
