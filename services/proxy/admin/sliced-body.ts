import { setImmediate as inNextTurn } from 'node:timers';
import { createGzip, type Gzip } from 'node:zlib';
import type { ResponseSink } from '../http/exchange.ts';

/** The event loop is given back after so long: connections of the data path are not to wait for a page. */
const TURN_MS = 2;
/** So much may be on its way to a client that does not read. */
const MAX_UNSENT_BYTES = 262_144;
const NOTHING = Buffer.alloc(0);

/**
 * Sends a body whose slices are made as they are sent: a little each turn of the event loop, and no faster than the
 * client reads. A page of any size takes bounded memory and holds nobody up.
 */
export class SlicedBody {
  readonly #slices: Iterator<string>;
  readonly #response: ResponseSink;
  readonly #gzip: Gzip | undefined;
  #unsentBytes = 0;
  #isScheduled = false;
  /** All slices have been taken. */
  #isWhole = false;
  #isOver = false;

  constructor(slices: Iterable<string>, response: ResponseSink, options: { readonly gzip: boolean }) {
    this.#slices = slices[Symbol.iterator]();
    this.#response = response;
    this.#gzip = options.gzip ? createGzip() : undefined;
    this.#gzip?.on('data', (chunk: Buffer) => this.#send(chunk));
    this.#gzip?.on('drain', () => this.#schedule());
    this.#gzip?.on('end', () => this.#end());
  }

  start(): void {
    this.#run();
  }

  /** The client has taken so much. */
  credit(bytes: number): void {
    this.#unsentBytes -= bytes;
    this.#schedule();
  }

  /** The client is gone. */
  cancel(): void {
    this.#isOver = true;
    this.#gzip?.destroy();
  }

  get #mustWait(): boolean {
    if (this.#isOver || this.#isWhole || this.#unsentBytes >= MAX_UNSENT_BYTES) return true;
    return this.#gzip?.writableNeedDrain === true;
  }

  #schedule(): void {
    if (this.#isScheduled || this.#mustWait) return;
    this.#isScheduled = true;
    inNextTurn(() => {
      this.#isScheduled = false;
      this.#run();
    });
  }

  #run(): void {
    const untilMs = performance.now() + TURN_MS;
    while (!this.#mustWait) {
      const slice = this.#slices.next();
      if (slice.done === true) {
        this.#finish();
        return;
      }
      if (this.#gzip === undefined) this.#send(Buffer.from(slice.value));
      else this.#gzip.write(slice.value);
      if (performance.now() >= untilMs) {
        this.#schedule();
        return;
      }
    }
  }

  #finish(): void {
    this.#isWhole = true;
    if (this.#gzip === undefined) this.#end();
    else this.#gzip.end();
  }

  #send(chunk: Buffer): void {
    if (this.#isOver) return;
    this.#unsentBytes += chunk.length;
    this.#response.responseData(chunk, false);
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#response.responseData(NOTHING, true);
  }
}
