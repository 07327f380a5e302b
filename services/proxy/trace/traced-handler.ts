import type { RequestHandler, RequestSink, ServerResponse } from '../http/exchange.ts';
import type { RequestHead } from '../http/head.ts';
import { TracedServerExchange } from './traced-exchange.ts';
import type { Tracer } from './tracer.ts';

/** Has the requests of a connection make server spans; the handler itself where nothing is traced. */
export function traceHandler(handler: RequestHandler, tracer: Tracer | undefined): RequestHandler {
  return tracer === undefined ? handler : new TracedHandler(handler, tracer);
}

class TracedHandler implements RequestHandler {
  readonly #handler: RequestHandler;
  readonly #tracer: Tracer;

  constructor(handler: RequestHandler, tracer: Tracer) {
    this.#handler = handler;
    this.#tracer = tracer;
  }

  handleRequest(head: RequestHead, end: boolean, response: ServerResponse): RequestSink {
    const span = this.#tracer.start('server', head);
    if (span === undefined) return this.#handler.handleRequest(head, end, response);
    const exchange = new TracedServerExchange(span, response);
    return exchange.begin(this.#handler.handleRequest(span.head, end, exchange));
  }

  handleClosed(): void {
    this.#handler.handleClosed?.();
  }
}
