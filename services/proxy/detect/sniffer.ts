import type { Wire, WireReceiver } from '../transport/wire.ts';

/** What a sniffer asks and tells. Exactly one of the `on…` is called, once. */
export interface SnifferCallbacks<T> {
  /** Decides on all bytes that have come, or undefined for more. */
  decide(bytes: Buffer): T | undefined;
  onDecided(decision: T, sniffer: Sniffer<T>): void;
  /** The deadline passed; `handOver` still works, with what has come. */
  onTimeout(sniffer: Sniffer<T>): void;
  /** The peer finished writing before a decision, or the connection broke. */
  onClosed(error: Error | undefined): void;
}

export interface SnifferOptions {
  readonly timeoutMs: number;
  /** More bytes than this without a decision close the connection. */
  readonly maxBytes: number;
}

/**
 * Receives the first bytes of a connection until it is known what they are, then holds them (and reads no more)
 * until `handOver` replays everything to the receiver that fits.
 */
export class Sniffer<T> implements WireReceiver {
  readonly wire: Wire;
  readonly #callbacks: SnifferCallbacks<T>;
  readonly #maxBytes: number;
  readonly #timer: NodeJS.Timeout;
  #bytes: Buffer = Buffer.alloc(0);
  #decided = false;
  #ended = false;
  #closed: { error: Error | undefined } | undefined;

  constructor(wire: Wire, callbacks: SnifferCallbacks<T>, options: SnifferOptions) {
    this.wire = wire;
    this.#callbacks = callbacks;
    this.#maxBytes = options.maxBytes;
    this.#timer = setTimeout(() => this.#expire(), options.timeoutMs);
    wire.receiver = this;
  }

  /** What has come so far: its own copy. */
  get bytes(): Buffer {
    return this.#bytes;
  }

  /** Leaves out the first bytes when handing over (a transport header that has been read). */
  discard(count: number): void {
    this.#bytes = this.#bytes.subarray(count);
  }

  /** Makes `next` the receiver and tells it all that has happened; the bytes are its own. */
  handOver(next: WireReceiver): void {
    const bytes = this.#bytes;
    this.#bytes = Buffer.alloc(0);
    this.wire.receiver = next;
    if (bytes.length > 0) next.onBytes(bytes);
    if (this.#ended) this.wire.receiver.onEnd();
    if (this.#closed !== undefined) this.wire.receiver.onClosed(this.#closed.error);
    else this.wire.resume();
  }

  onBytes(chunk: Buffer): void {
    const bytes = Buffer.allocUnsafeSlow(this.#bytes.length + chunk.length);
    this.#bytes.copy(bytes);
    chunk.copy(bytes, this.#bytes.length);
    this.#bytes = bytes;
    if (this.#decided) return;
    const decision = this.#callbacks.decide(bytes);
    if (decision !== undefined) this.#settle(() => this.#callbacks.onDecided(decision, this));
    else if (bytes.length > this.#maxBytes) this.#giveUp(undefined);
  }

  onEnd(): void {
    this.#ended = true;
    if (!this.#decided) this.#giveUp(undefined);
  }

  onClosed(error: Error | undefined): void {
    this.#closed = { error };
    if (!this.#decided) this.#giveUp(error);
  }

  onDrained(): void {}

  #expire(): void {
    if (!this.#decided) this.#settle(() => this.#callbacks.onTimeout(this));
  }

  /** Reading stops unless the callback has handed over already. */
  #settle(tell: () => void): void {
    this.#decided = true;
    clearTimeout(this.#timer);
    tell();
    if (this.wire.receiver === this) this.wire.pause();
  }

  #giveUp(error: Error | undefined): void {
    this.#decided = true;
    clearTimeout(this.#timer);
    if (this.#closed === undefined) this.wire.destroy();
    this.#callbacks.onClosed(error);
  }
}
