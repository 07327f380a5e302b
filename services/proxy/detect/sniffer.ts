import type { Millis } from '#lib/base';
import type { Wire, WireReceiver } from '../transport/wire.ts';

/** What a sniffer asks and tells. Exactly one of the `on…` is called, once; the bytes it hands out are the taker's. */
export interface SnifferOptions<T> {
  readonly timeoutMs: Millis;
  /** Decides on all bytes that have come, or undefined for more. */
  decide(bytes: Buffer): T | undefined;
  /** Time for another receiver, which gets the bytes first; who needs longer pauses the wire before returning. */
  onDecided(decision: T, bytes: Buffer): void;
  /** The deadline passed undecided. `bytes` may be empty. */
  onTimeout(bytes: Buffer): void;
  /** The peer finished writing undecided, sent far too much, or the connection broke. */
  onEnded(): void;
}

/** Whoever decides should have decided by then. */
const MAX_SNIFFED_BYTES = 131_072;
const NOTHING = Buffer.alloc(0);

/** Receives the first bytes of a connection until it is known what they are. */
export class Sniffer<T> implements WireReceiver {
  readonly #wire: Wire;
  readonly #options: SnifferOptions<T>;
  readonly #timer: NodeJS.Timeout;
  #bytes: Buffer = NOTHING;
  #settled = false;

  constructor(wire: Wire, options: SnifferOptions<T>) {
    this.#wire = wire;
    this.#options = options;
    this.#timer = setTimeout(() => this.#expire(), options.timeoutMs);
  }

  onBytes(chunk: Buffer): void {
    if (this.#settled) {
      this.#refuseLate();
      return;
    }
    const bytes = Buffer.allocUnsafeSlow(this.#bytes.length + chunk.length);
    this.#bytes.copy(bytes);
    chunk.copy(bytes, this.#bytes.length);
    this.#bytes = bytes;
    const decision = this.#options.decide(bytes);
    if (decision !== undefined) {
      this.#settle();
      this.#options.onDecided(decision, bytes);
    } else if (bytes.length > MAX_SNIFFED_BYTES) this.#giveUp();
  }

  onEnd(): void {
    if (this.#settled) this.#refuseLate();
    else this.#giveUp();
  }

  onClosed(): void {
    if (!this.#settled) this.#giveUp();
  }

  onDrained(): void {}

  #expire(): void {
    this.#settle();
    this.#options.onTimeout(this.#bytes);
  }

  #giveUp(): void {
    this.#settle();
    this.#options.onEnded();
  }

  #settle(): void {
    this.#settled = true;
    clearTimeout(this.#timer);
  }

  /** Nobody is there to take this: dropping it in silence would corrupt the stream. */
  #refuseLate(): void {
    this.#wire.destroy(new Error('bytes came while the connection waited for its receiver'));
  }
}
