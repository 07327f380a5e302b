import type { RequestHandler, RequestSink, ServerResponse, StreamFailure } from '../exchange.ts';
import type { Field } from '../field.ts';
import type { RequestHead, ResponseHead } from '../head.ts';
import type { AccessRecord } from './record.ts';

export interface LoggedClient {
  readonly address: string;
  readonly id: string;
}

/** Stands between a server codec and the handler of a request, and tells of it once. */
export class LoggedExchange implements RequestSink, ServerResponse {
  readonly #log: { write(record: AccessRecord): void };
  readonly #client: LoggedClient;
  readonly #head: RequestHead;
  readonly #response: ServerResponse;
  readonly #startMs: number;
  #processingMs: number | undefined;
  #sink: RequestSink | undefined;
  #isTold = false;

  constructor(
    log: { write(record: AccessRecord): void },
    client: LoggedClient,
    request: { readonly head: RequestHead; readonly response: ServerResponse },
  ) {
    this.#log = log;
    this.#client = client;
    this.#head = request.head;
    this.#response = request.response;
    this.#startMs = performance.now();
  }

  start(end: boolean, handle: RequestHandler['handleRequest']): RequestSink {
    this.#sink = handle(this.#head, end, this);
    this.#processingMs = performance.now() - this.#startMs;
    return this;
  }

  #tell(response: ResponseHead | undefined): void {
    if (this.#isTold) return;
    this.#isTold = true;
    const totalMs = performance.now() - this.#startMs;
    this.#log.write({
      clientAddress: this.#client.address,
      clientId: this.#client.id,
      receivedMs: performance.timeOrigin + this.#startMs,
      head: this.#head,
      response,
      totalMs,
      processingMs: this.#processingMs ?? totalMs,
    });
  }

  // From the client.

  requestData(chunk: Buffer, end: boolean): void {
    this.#sink?.requestData(chunk, end);
  }

  requestTrailers(fields: readonly Field[]): void {
    this.#sink?.requestTrailers(fields);
  }

  requestCancelled(code: number): void {
    this.#tell(undefined);
    this.#sink?.requestCancelled(code);
  }

  responseCredit(bytes: number): void {
    this.#sink?.responseCredit(bytes);
  }

  // To the client.

  responseInterim(head: ResponseHead): void {
    this.#response.responseInterim?.(head);
  }

  responseHead(head: ResponseHead, end: boolean): void {
    this.#tell(head);
    this.#response.responseHead(head, end);
  }

  responseData(chunk: Buffer, end: boolean): void {
    this.#response.responseData(chunk, end);
  }

  responseTrailers(fields: readonly Field[]): void {
    this.#response.responseTrailers(fields);
  }

  responseFailed(failure: StreamFailure): void {
    this.#tell(undefined);
    this.#response.responseFailed(failure);
  }

  requestCredit(bytes: number): void {
    this.#response.requestCredit(bytes);
  }

  closeAfter(): void {
    this.#response.closeAfter();
  }
}
