import type { ResponseSink, ServerResponse, StreamFailure } from '../http/exchange.ts';
import type { ResponseHead } from '../http/head.ts';
import { PassingExchange } from '../http/passing-exchange.ts';
import type { OpenSpan } from './tracer.ts';

/** Ends the span of a request when its response begins. */
export class TracedExchange<Response extends ResponseSink> extends PassingExchange<Response> {
  readonly #span: OpenSpan;

  constructor(span: OpenSpan, response: Response) {
    super(response);
    this.#span = span;
  }

  override requestCancelled(code: number): void {
    this.#span.end(undefined);
    super.requestCancelled(code);
  }

  override responseHead(head: ResponseHead, end: boolean): void {
    this.#span.end(head.status);
    super.responseHead(head, end);
  }

  override responseFailed(failure: StreamFailure): void {
    this.#span.end(undefined);
    super.responseFailed(failure);
  }
}

/** One between a server codec and the handler of its requests. */
export class TracedServerExchange extends TracedExchange<ServerResponse> implements ServerResponse {
  closeAfter(): void {
    this.response.closeAfter();
  }
}
