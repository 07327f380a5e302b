import type { RequestHandler, RequestSink, ServerResponse, StreamFailure } from '../exchange.ts';
import type { RequestHead, ResponseHead } from '../head.ts';
import { PassingExchange } from '../passing-exchange.ts';
import type { AccessRecord } from './record.ts';

export interface LoggedClient {
  readonly address: string;
  readonly id: string;
}

/** Stands between a server codec and the handler of a request, and tells of it once. */
export class LoggedExchange extends PassingExchange<ServerResponse> implements ServerResponse {
  readonly #log: { write(record: AccessRecord): void };
  readonly #client: LoggedClient;
  readonly #head: RequestHead;
  readonly #startMs: number;
  #processingMs: number | undefined;
  #isTold = false;

  constructor(
    log: { write(record: AccessRecord): void },
    client: LoggedClient,
    request: { readonly head: RequestHead; readonly response: ServerResponse },
  ) {
    super(request.response);
    this.#log = log;
    this.#client = client;
    this.#head = request.head;
    this.#startMs = performance.now();
  }

  start(end: boolean, handle: RequestHandler['handleRequest']): RequestSink {
    const sink = handle(this.#head, end, this);
    this.#processingMs = performance.now() - this.#startMs;
    return this.begin(sink);
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

  override requestCancelled(code: number): void {
    this.#tell(undefined);
    super.requestCancelled(code);
  }

  override responseHead(head: ResponseHead, end: boolean): void {
    this.#tell(head);
    super.responseHead(head, end);
  }

  override responseFailed(failure: StreamFailure): void {
    this.#tell(undefined);
    super.responseFailed(failure);
  }

  closeAfter(): void {
    this.response.closeAfter();
  }
}
