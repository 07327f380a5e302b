import type { Wire, WireReceiver } from '../transport/wire.ts';

/** Bytes that may wait for the slower side before the faster is no longer read. */
const HIGH_WATER_BYTES = 1_048_576;
/** Smaller reads are gathered into one write; larger ones pass without a copy. */
const GATHER_BELOW_BYTES = 16_384;

/**
 * Copies bytes between two wires until both sides have finished (facts sheet proxy-wire, section 24), and takes both
 * over at once. An end of one direction is passed on as an end; an error closes both sides. `onDone` is called
 * once, when both are closed.
 */
export function forwardTcp(client: Wire, server: Wire, onDone: (error: Error | undefined) => void): Forward {
  return new Forward(client, server, onDone);
}

/**
 * Two wires, coupled:
 *
 *     both open ─(end)─► half open ─(end)─► flushing ─(both closed)─► done
 *         └──────(error)──────┴──────────────► reset ──────┘
 */
export class Forward {
  readonly #client: Side;
  readonly #server: Side;
  readonly #onDone: (error: Error | undefined) => void;
  #error: Error | undefined;

  constructor(client: Wire, server: Wire, onDone: (error: Error | undefined) => void) {
    this.#onDone = onDone;
    this.#client = new Side(this, client, server);
    this.#server = new Side(this, server, client);
    this.#client.other = this.#server;
    this.#server.other = this.#client;
    this.#client.takeOver();
    this.#server.takeOver();
  }

  get bytesFromClient(): number {
    return this.#client.bytes;
  }

  get bytesFromServer(): number {
    return this.#server.bytes;
  }

  sideClosed(side: Side, error: Error | undefined): void {
    this.#error ??= error;
    const other = side === this.#client ? this.#server : this.#client;
    if (other.closed) this.#onDone(this.#error);
    else if (error !== undefined || !side.finished) other.wire.reset();
  }
}

/** What comes from one wire and goes to the other. */
class Side implements WireReceiver {
  readonly wire: Wire;
  bytes = 0;
  closed = false;
  ended = false;
  other: Side | undefined = undefined;
  readonly #forward: Forward;
  readonly #to: Wire;
  #paused = false;

  constructor(forward: Forward, wire: Wire, to: Wire) {
    this.#forward = forward;
    this.wire = wire;
    this.#to = to;
  }

  takeOver(): void {
    const { wire } = this;
    wire.claimsReads = true;
    wire.receiver = this;
    if (wire.closed) this.onClosed(undefined);
    else wire.resume();
  }

  /** Both directions of this wire have been brought to an end. */
  get finished(): boolean {
    return this.ended && this.other?.ended === true;
  }

  onBytes(chunk: Buffer): void {
    this.bytes += chunk.length;
    const to = this.#to;
    const claimed = chunk.length < GATHER_BELOW_BYTES ? undefined : this.wire.claimRead();
    if (claimed === undefined) to.writeBytes(chunk);
    else to.writeOwned(chunk, claimed);
    if (!this.#paused && to.backlog >= HIGH_WATER_BYTES) {
      this.#paused = true;
      this.wire.pause();
    }
  }

  onEnd(): void {
    this.ended = true;
    this.#to.end();
  }

  onClosed(error: Error | undefined): void {
    this.closed = true;
    this.#forward.sideClosed(this, error);
  }

  /** This wire takes bytes again: so the other may be read. */
  onDrained(): void {
    this.other?.resume();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.wire.resume();
  }
}
