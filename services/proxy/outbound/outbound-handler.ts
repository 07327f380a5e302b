import { PROXY_ERROR, type ProxyError, withContext } from '../errors.ts';
import { answerError } from '../http/answer-error.ts';
import type { RequestHandler, RequestSink, ServerResponse } from '../http/exchange.ts';
import type { RequestHead } from '../http/head.ts';
import { formatAddress } from '../transport/address.ts';
import type { Target } from './discovery/target.ts';
import type { OutboundContext } from './dispatch-context.ts';

/** What a handler needs of a target. */
export type HandledTarget = Pick<Target, 'address' | 'http'>;

/** Sends every request of a connection by the policy that its target has now. */
export class OutboundHandler implements RequestHandler {
  readonly #target: HandledTarget;
  readonly #version: 'http1' | 'http2';
  readonly #context: OutboundContext;

  constructor(target: HandledTarget, version: 'http1' | 'http2', context: OutboundContext) {
    this.#target = target;
    this.#version = version;
    this.#context = context;
  }

  handleRequest(head: RequestHead, end: boolean, response: ServerResponse): RequestSink {
    if (this.#context.inFlight.isFull) {
      const context = `server ${formatAddress(this.#target.address)}`;
      return this.#fail(withContext(PROXY_ERROR.loadShed, context), head, response);
    }
    const router = this.#target.http(this.#version);
    if (router !== undefined) return router.handle(head, end, response);
    return this.#fail(PROXY_ERROR.unexpected, head, response);
  }

  #fail(error: ProxyError, head: RequestHead, response: ServerResponse): RequestSink {
    const { informationalHeaders: emit, families } = this.#context;
    return answerError(error, { head, response, emit, counter: families.outboundHttpErrors });
  }
}
