import type { CounterSeries, Family } from '#lib/telemetry';
import { buildErrorHead, type ProxyError } from '../errors.ts';
import type { RequestSink, ServerResponse } from './exchange.ts';
import { isGrpcRequest } from './grpc.ts';
import type { RequestHead } from './head.ts';

/** Takes what is left of a request's body and drops it. */
class DiscardSink implements RequestSink {
  readonly #response: ServerResponse;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  requestData(chunk: Buffer, end: boolean): void {
    if (!end) this.#response.requestCredit(chunk.length);
  }

  requestTrailers(): void {}
  requestCancelled(): void {}
  responseCredit(): void {}
}

export interface ErrorAnswer {
  readonly head: RequestHead;
  readonly response: ServerResponse;
  /** The client may be told why. */
  readonly emit: boolean;
  readonly counter: Family<CounterSeries>;
  /** Further labels of the counter. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** Answers a request with an error of the proxy's own; returns where the request's body goes. */
export function answerError(error: ProxyError, answer: ErrorAnswer): RequestSink {
  const { response } = answer;
  if (error.metric !== undefined) answer.counter.with({ error: error.metric, ...answer.labels }).inc();
  if (error.close) response.closeAfter();
  response.responseHead(
    buildErrorHead(error, { isGrpc: isGrpcRequest(answer.head), emit: answer.emit }),
    true,
  );
  return new DiscardSink(response);
}
