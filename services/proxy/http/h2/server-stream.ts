import { BACKLOG_LIMIT_BYTES } from '../../transport/wire.ts';
import type { RequestSink, ServerResponse, StreamFailure } from '../exchange.ts';
import { H2_ERROR } from '../exchange.ts';
import type { Field } from '../field.ts';
import type { ResponseHead } from '../head.ts';
import type { H2ServerConnection } from './server-connection.ts';
import { H2Stream, type StreamEnd } from './stream.ts';

/** Where a request goes before its handler has said where, and after it has gone. */
const NOBODY: RequestSink = {
  requestData: () => {},
  requestTrailers: () => {},
  requestCancelled: () => {},
  responseCredit: () => {},
};

/** One request as a server has it; to its handler, the response. */
export class ServerStream extends H2Stream implements ServerResponse {
  sink: RequestSink = NOBODY;
  /** When its head was read. */
  readonly openedMs: number;
  #answered = false;
  readonly #server: H2ServerConnection;

  constructor(server: H2ServerConnection, id: number) {
    super(server, id);
    this.#server = server;
    this.openedMs = server.readMs;
  }

  responseHead(head: ResponseHead, end: boolean): void {
    if (this.closed || this.localEnded) return;
    this.#answered = true;
    this.#server.headWriter.writeHead(head, { streamId: this.id, end, date: this.#server.date() });
    if (end) this.endLocalWithHead();
  }

  /** Interim responses have no flow control: a client that does not read loses them. */
  responseInterim(head: ResponseHead): void {
    if (this.closed || this.#answered || this.#server.wire.backlog > BACKLOG_LIMIT_BYTES) return;
    this.#server.headWriter.writeHead(head, { streamId: this.id, end: false, date: undefined });
  }

  responseData(chunk: Buffer, end: boolean): void {
    this.sendData(chunk, end);
  }

  responseTrailers(fields: readonly Field[]): void {
    this.sendTrailers(fields);
  }

  responseFailed(failure: StreamFailure): void {
    if (failure.kind === 'slow') this.#server.counters.slowReaders++;
    this.#server.dropStream(this, codeOf(failure));
  }

  requestCredit(bytes: number): void {
    this.creditReceived(bytes);
  }

  closeAfter(): void {
    this.#server.shutdown();
  }

  override creditProducer(bytes: number): void {
    this.sink.responseCredit(bytes);
  }

  override deliverData(chunk: Buffer, end: boolean): void {
    this.sink.requestData(chunk, end);
  }

  override deliverTrailers(fields: readonly Field[]): void {
    this.sink.requestTrailers(fields);
  }

  override deliverFailure(end: StreamEnd): void {
    const dropped = this.takeDroppedBytes();
    if (dropped > 0) this.sink.responseCredit(dropped);
    this.sink.requestCancelled(end.code);
  }
}

/** The code of a reset goes on as it came; a lost connection has none of its own. */
function codeOf({ kind, code }: StreamFailure): number {
  if (kind === 'reset') return code;
  return kind === 'io' || code === H2_ERROR.noError ? H2_ERROR.internalError : code;
}
