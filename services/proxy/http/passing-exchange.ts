import type { RequestSink, ResponseSink, StreamFailure } from './exchange.ts';
import type { Field } from './field.ts';
import type { ResponseHead } from './head.ts';

/** Stands between who sends a request and who answers it, and passes everything on; subclasses look at what they need. */
export class PassingExchange<Response extends ResponseSink> implements RequestSink, ResponseSink {
  protected readonly response: Response;
  #sink: RequestSink | undefined;

  constructor(response: Response) {
    this.response = response;
  }

  /** Takes where the request went. */
  begin(sink: RequestSink): RequestSink {
    this.#sink = sink;
    return this;
  }

  // From who sends.

  requestData(chunk: Buffer, end: boolean): void {
    this.#sink?.requestData(chunk, end);
  }

  requestTrailers(fields: readonly Field[]): void {
    this.#sink?.requestTrailers(fields);
  }

  requestCancelled(code: number): void {
    this.#sink?.requestCancelled(code);
  }

  responseCredit(bytes: number): void {
    this.#sink?.responseCredit(bytes);
  }

  // From who answers.

  responseInterim(head: ResponseHead): void {
    this.response.responseInterim?.(head);
  }

  responseHead(head: ResponseHead, end: boolean): void {
    this.response.responseHead(head, end);
  }

  responseData(chunk: Buffer, end: boolean): void {
    this.response.responseData(chunk, end);
  }

  responseTrailers(fields: readonly Field[]): void {
    this.response.responseTrailers(fields);
  }

  responseFailed(failure: StreamFailure): void {
    this.response.responseFailed(failure);
  }

  requestCredit(bytes: number): void {
    this.response.requestCredit(bytes);
  }
}
