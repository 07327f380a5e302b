import type { AccessLogFormat } from '../../config.ts';
import type { RequestHandler, RequestSink, ServerResponse } from '../exchange.ts';
import type { RequestHead } from '../head.ts';
import { LineWriter } from './line-writer.ts';
import { type LoggedClient, LoggedExchange } from './logged-exchange.ts';
import { type AccessRecord, formatApache, formatJson } from './record.ts';

/** A line for each inbound request, written when its response begins. */
export class AccessLog {
  readonly #format: (record: AccessRecord) => string;
  readonly #writer: LineWriter;

  constructor(format: AccessLogFormat, writer = new LineWriter()) {
    this.#format = format === 'json' ? formatJson : formatApache;
    this.#writer = writer;
  }

  get droppedLines(): number {
    return this.#writer.dropped;
  }

  write(record: AccessRecord): void {
    this.#writer.write(this.#format(record));
  }

  /** Has `handler` handle a request, and tells of it. */
  follow(
    client: LoggedClient,
    request: { readonly head: RequestHead; readonly end: boolean; readonly response: ServerResponse },
    handle: RequestHandler['handleRequest'],
  ): RequestSink {
    const exchange = new LoggedExchange(this, client, request);
    return exchange.start(request.end, handle);
  }
}
