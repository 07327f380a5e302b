import { gzipSync } from 'node:zlib';
import { parseClientHello } from '../detect/client-hello.ts';
import { detectHttp, type HttpDetection } from '../detect/detect-http.ts';
import { Sniffer } from '../detect/sniffer.ts';
import type { RequestHandler, RequestSink, ServerResponse } from '../http/exchange.ts';
import { Field } from '../http/field.ts';
import { fieldValue, type RequestHead, ResponseHead, VERSION } from '../http/head.ts';
import type { HttpServer } from '../http/http-server.ts';
import type { Accepted } from '../transport/listen.ts';
import type { TlsTerminator } from '../transport/tls-server.ts';
import type { Wire } from '../transport/wire.ts';
import { type AdminState, answerAdmin } from './routes.ts';

const SNIFF_TIMEOUT_MS = 1000;
const MAX_BODY_BYTES = 65_536;

export interface AdminOptions {
  readonly state: AdminState;
  readonly server: HttpServer;
  readonly terminator: TlsTerminator;
  readonly localName: string;
}

/** The admin server: metrics, probes, log level, shutdown; in plaintext or mesh TLS, HTTP/1 or HTTP/2. */
export class Admin {
  readonly #options: AdminOptions;

  constructor(options: AdminOptions) {
    this.#options = options;
  }

  accept({ wire, client }: Accepted): void {
    const { localName, terminator } = this.#options;
    wire.receiver = new Sniffer<'tls' | 'plain'>(wire, {
      timeoutMs: SNIFF_TIMEOUT_MS,
      decide: (bytes) => {
        const hello = parseClientHello(bytes);
        if (hello.kind === 'incomplete') return undefined;
        return hello.kind === 'tls' && hello.sni === localName ? 'tls' : 'plain';
      },
      onDecided: (sniff, bytes) => {
        if (sniff === 'plain') this.#detect(wire, client.host, bytes);
        else {
          terminator.terminate(wire, bytes, {
            onFailed: () => {},
            onSecure: (terminated) => this.#detect(terminated.wire, client.host, undefined),
          });
        }
      },
      onTimeout: (bytes) => this.#detect(wire, client.host, bytes),
      onEnded: () => wire.endAndClose(),
    });
  }

  #detect(wire: Wire, clientIp: string, bytes: Buffer | undefined): void {
    const serve = (version: 'http1' | 'http2', read: Buffer) => {
      this.#options.server.serve(wire, version, new AdminHandler(this.#options.state, clientIp));
      if (read.length > 0) wire.receiver.onBytes(read);
    };
    wire.receiver = new Sniffer<HttpDetection>(wire, {
      timeoutMs: SNIFF_TIMEOUT_MS,
      decide: detectHttp,
      onDecided: (found, read) => serve(found === 'http2' ? 'http2' : 'http1', read),
      onTimeout: (read) => serve('http1', read),
      onEnded: () => wire.endAndClose(),
    });
    if (bytes !== undefined) wire.receiver.onBytes(bytes);
  }
}

class AdminHandler implements RequestHandler {
  readonly #state: AdminState;
  readonly #clientIp: string;

  constructor(state: AdminState, clientIp: string) {
    this.#state = state;
    this.#clientIp = clientIp;
  }

  handleRequest(head: RequestHead, end: boolean, response: ServerResponse): RequestSink {
    const call = new AdminCall(response, (body) => this.#answer(head, response, body));
    if (end) call.finish();
    return call;
  }

  #answer(head: RequestHead, response: ServerResponse, body: string): void {
    const answer = answerAdmin(
      {
        method: head.method,
        path: head.path,
        clientIp: this.#clientIp,
        accept: fieldValue(head.fields, 'accept') ?? '',
        body,
      },
      this.#state,
    );
    const gzip =
      answer.body.length > 1024 && (fieldValue(head.fields, 'accept-encoding') ?? '').includes('gzip');
    const bytes = gzip ? gzipSync(answer.body) : Buffer.from(answer.body);
    const fields = Object.entries(answer.headers ?? {}).map(([name, value]) => new Field(name, value));
    if (gzip) fields.push(new Field('content-encoding', 'gzip'));
    if (answer.status !== 204) fields.push(new Field('content-length', String(bytes.length)));
    const isEmpty = bytes.length === 0 || head.method === 'HEAD';
    response.responseHead(
      new ResponseHead({
        status: answer.status,
        version: VERSION.http11,
        fields,
        bodyLength: bytes.length,
        repeated: false,
      }),
      isEmpty,
    );
    if (!isEmpty) response.responseData(bytes, true);
  }
}

/** Collects the small body of an admin request. */
class AdminCall implements RequestSink {
  readonly #response: ServerResponse;
  readonly #done: (body: string) => void;
  #body = '';

  constructor(response: ServerResponse, done: (body: string) => void) {
    this.#response = response;
    this.#done = done;
  }

  requestData(chunk: Buffer, end: boolean): void {
    if (this.#body.length < MAX_BODY_BYTES) this.#body += chunk.toString('latin1');
    this.#response.requestCredit(chunk.length);
    if (end) this.finish();
  }

  requestTrailers(): void {
    this.finish();
  }

  finish(): void {
    this.#done(this.#body);
  }

  requestCancelled(): void {}
  responseCredit(): void {}
}
