import type { RequestSink, ResponseSink } from '../exchange.ts';
import { H2_ERROR } from '../exchange.ts';
import type { Field } from '../field.ts';
import type { RequestHead, ResponseHead } from '../head.ts';
import type { H2ClientConnection } from './client-connection.ts';
import { H2Stream, type StreamEnd } from './stream.ts';

const NOT_MODIFIED = 304;

/** One request as a client has it; to whoever made it, where its body goes. */
export class ClientStream extends H2Stream implements RequestSink {
  readonly head: RequestHead;
  /** The request has no body. */
  readonly bodyless: boolean;
  /** The final head of the response has come. */
  answered = false;
  readonly #response: ResponseSink;
  readonly #client: H2ClientConnection;
  /** The server has answered in full and wants no more of the body: it is thrown away. */
  #discarding = false;

  constructor(
    client: H2ClientConnection,
    request: { head: RequestHead; end: boolean; response: ResponseSink },
  ) {
    super(client, 0);
    this.#client = client;
    this.head = request.head;
    this.bodyless = request.end;
    this.#response = request.response;
  }

  /** Sends the head and what has gathered behind it. */
  start(id: number): void {
    this.id = id;
    this.sendWindow = this.connection.sendFlow.streamWindow;
    this.receiveWindow = this.connection.receiveWindowBytes;
    this.connection.headWriter.writeHead(this.head, { streamId: id, end: this.bodyless, date: undefined });
    if (this.bodyless) this.endLocalWithHead();
    else this.sendQueued(this.sendWindow);
  }

  requestData(chunk: Buffer, end: boolean): void {
    if (this.#discarding) this.#response.requestCredit(chunk.length);
    else this.sendData(chunk, end);
  }

  requestTrailers(fields: readonly Field[]): void {
    this.sendTrailers(fields);
  }

  requestCancelled(code: number): void {
    if (this.closed) this.abandon();
    else if (this.id === 0) this.#client.forgetWaiting(this);
    else this.#client.dropStream(this, code);
  }

  responseCredit(bytes: number): void {
    this.creditReceived(bytes);
  }

  /** A response head; false where its length and its end contradict each other. */
  receiveHead(head: ResponseHead, end: boolean): boolean {
    if (head.status < 200) {
      if (!end) this.#response.responseInterim?.(head);
      return !end;
    }
    const mayLack = this.head.method === 'HEAD' || head.status === NOT_MODIFIED;
    if (end && head.bodyLength > 0 && !mayLack) return false;
    this.answered = true;
    this.remoteEnded = end;
    if (!end) this.expectedBytes = mayLack ? 0 : head.bodyLength;
    this.#response.responseHead(head, end);
    if (end && this.localEnded) this.connection.finishStream(this);
    return true;
  }

  override receiveData(chunk: Buffer, end: boolean): boolean {
    return this.answered && super.receiveData(chunk, end);
  }

  protected override onLateCredit(): void {
    if (!this.hasUnread) this.#client.forgetUnread(this);
  }

  override creditProducer(bytes: number): void {
    this.#response.requestCredit(bytes);
  }

  override deliverData(chunk: Buffer, end: boolean): void {
    this.#response.responseData(chunk, end);
  }

  override deliverTrailers(fields: readonly Field[]): void {
    this.#response.responseTrailers(fields);
  }

  override deliverFailure(end: StreamEnd): void {
    const dropped = this.takeDroppedBytes();
    if (dropped > 0) this.#response.requestCredit(dropped);
    // A whole response followed by a reset is a whole response (RFC 9113 section 8.1).
    if (this.remoteEnded) this.#discarding = true;
    else this.#response.responseFailed(end);
  }

  /** Not sent, and it will not be: it may go elsewhere. */
  failUnsent(end: StreamEnd): void {
    this.closed = true;
    this.deliverFailure({ ...end, unprocessed: true });
  }

  /** Closes without a word to whoever made it. */
  forget(): void {
    this.closed = true;
    this.takeDroppedBytes();
  }
}

/** What a request gets that finds the connection taking none. */
export function refusal(message: string): StreamEnd {
  return { kind: 'goaway', code: H2_ERROR.refusedStream, message, unprocessed: true };
}
