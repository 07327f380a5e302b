import type { RequestSink } from './exchange.ts';
import type { Field } from './field.ts';

/** Starts a request: `end` says that it has no body. */
export type BeginRequest = (end: boolean) => RequestSink;

/**
 * A request that cannot go on yet: it keeps what comes of its body, which is bounded by the credit that nobody gives
 * meanwhile, and hands it on when it is started.
 */
export class WaitingRequest implements RequestSink {
  #sink: RequestSink | undefined;
  #chunks: Buffer[] = [];
  #trailers: readonly Field[] | undefined;
  #ended: boolean;
  #isCancelled = false;

  constructor(end: boolean) {
    this.#ended = end;
  }

  get isCancelled(): boolean {
    return this.#isCancelled;
  }

  /** Once; does nothing where the client is gone. */
  start(begin: BeginRequest): void {
    if (this.#isCancelled) return;
    const hasBody = this.#chunks.length > 0 || this.#trailers !== undefined;
    const sink = begin(this.#ended && !hasBody);
    this.#sink = sink;
    const last = this.#chunks.length - 1;
    for (const [index, chunk] of this.#chunks.entries()) {
      sink.requestData(chunk, this.#ended && this.#trailers === undefined && index === last);
    }
    if (this.#trailers !== undefined) sink.requestTrailers(this.#trailers);
    this.#chunks = [];
  }

  requestData(chunk: Buffer, end: boolean): void {
    if (this.#sink !== undefined) {
      this.#sink.requestData(chunk, end);
      return;
    }
    this.#ended = end;
    this.#chunks.push(Buffer.from(chunk));
  }

  requestTrailers(fields: readonly Field[]): void {
    if (this.#sink !== undefined) this.#sink.requestTrailers(fields);
    else {
      this.#ended = true;
      this.#trailers = fields;
    }
  }

  requestCancelled(code: number): void {
    this.#isCancelled = true;
    this.#sink?.requestCancelled(code);
  }

  responseCredit(bytes: number): void {
    this.#sink?.responseCredit(bytes);
  }
}
