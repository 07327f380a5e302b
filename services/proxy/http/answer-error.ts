import type { CounterSeries, Family } from '#lib/telemetry';
import { HEADER } from '../contract.ts';
import { buildErrorHead, type ProxyError } from '../errors.ts';
import type { RequestSink, ServerResponse } from './exchange.ts';
import { isGrpcRequest } from './grpc.ts';
import { fieldValue, type RequestHead, VERSION } from './head.ts';

/** Takes what is left of a request's body and drops it. */
class DiscardSink implements RequestSink {
  readonly #response: ServerResponse;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  requestData(chunk: Buffer): void {
    this.#response.requestCredit(chunk.length);
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

function isUpgraded(head: RequestHead): boolean {
  return head.version === VERSION.http2 && fieldValue(head.fields, HEADER.origProto) !== undefined;
}

/** Answers a request with an error of the proxy's own; returns where the request's body goes. */
export function answerError(error: ProxyError, answer: ErrorAnswer): RequestSink {
  const { response } = answer;
  if (error.metric !== undefined) answer.counter.with({ error: error.metric, ...answer.labels }).inc();
  // An upgraded connection carries the requests of many clients: it goes on.
  if (error.close && !isUpgraded(answer.head)) response.closeAfter();
  response.responseHead(
    buildErrorHead(error, { isGrpc: isGrpcRequest(answer.head), emit: answer.emit }),
    true,
  );
  return new DiscardSink(response);
}
