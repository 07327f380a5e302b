import type { RequestSink, ResponseSink, ServerResponse, StreamFailure } from '../http/exchange.ts';
import type { Field } from '../http/field.ts';
import type { ResponseHead } from '../http/head.ts';
import type { OpenSpan } from './tracer.ts';

/** Stands between who sends a request and who answers it, and ends the span when the response begins. */
export class TracedExchange<Response extends ResponseSink> implements RequestSink, ResponseSink {
  protected readonly response: Response;
  readonly #span: OpenSpan;
  #sink: RequestSink | undefined;

  constructor(span: OpenSpan, response: Response) {
    this.#span = span;
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
    this.#span.end(undefined);
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
    this.#span.end(head.status);
    this.response.responseHead(head, end);
  }

  responseData(chunk: Buffer, end: boolean): void {
    this.response.responseData(chunk, end);
  }

  responseTrailers(fields: readonly Field[]): void {
    this.response.responseTrailers(fields);
  }

  responseFailed(failure: StreamFailure): void {
    this.#span.end(undefined);
    this.response.responseFailed(failure);
  }

  requestCredit(bytes: number): void {
    this.response.requestCredit(bytes);
  }
}

/** One between a server codec and the handler of its requests. */
export class TracedServerExchange extends TracedExchange<ServerResponse> implements ServerResponse {
  closeAfter(): void {
    this.response.closeAfter();
  }
}
