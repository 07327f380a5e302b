import { parseClientHello } from '../detect/client-hello.ts';
import { detectHttp, type HttpDetection } from '../detect/detect-http.ts';
import { Sniffer } from '../detect/sniffer.ts';
import type { HttpServer } from '../http/http-server.ts';
import type { ClientInfo } from '../inbound/authorize.ts';
import type { Accepted } from '../transport/listen.ts';
import type { TlsTerminator } from '../transport/tls-server.ts';
import type { Wire } from '../transport/wire.ts';
import { type AdminGuard, AdminHandler } from './admin-handler.ts';
import type { AdminState } from './routes.ts';

const SNIFF_TIMEOUT_MS = 1000;

export interface AdminOptions {
  readonly state: AdminState;
  readonly server: HttpServer;
  readonly terminator: TlsTerminator;
  readonly localName: string;
}

/** The admin server: metrics, probes, log level, shutdown; in plaintext or mesh TLS, HTTP/1 or HTTP/2. */
export class Admin {
  readonly #options: AdminOptions;
  #guard: AdminGuard | undefined;

  constructor(options: AdminOptions) {
    this.#options = options;
  }

  /** Subjects every request from now on to the inbound policy of the admin port. */
  enforce(guard: AdminGuard): void {
    this.#guard = guard;
  }

  accept({ wire, client }: Accepted): void {
    const { localName, terminator } = this.#options;
    const plain: ClientInfo = { ip: client.host, isTls: false, identity: undefined };
    wire.receiver = new Sniffer<'tls' | 'plain'>(wire, {
      timeoutMs: SNIFF_TIMEOUT_MS,
      decide: (bytes) => {
        const hello = parseClientHello(bytes);
        if (hello.kind === 'incomplete') return undefined;
        return hello.kind === 'tls' && hello.sni === localName ? 'tls' : 'plain';
      },
      onDecided: (sniff, bytes) => {
        if (sniff === 'plain') this.#detect(wire, plain, bytes);
        else {
          terminator.terminate(wire, bytes, {
            onFailed: () => {},
            onSecure: (terminated) => {
              const identity = terminated.clientId;
              this.#detect(terminated.wire, { ip: client.host, isTls: true, identity }, undefined);
            },
          });
        }
      },
      onTimeout: (bytes) => this.#detect(wire, plain, bytes),
      onEnded: () => wire.endAndClose(),
    });
  }

  #detect(wire: Wire, client: ClientInfo, bytes: Buffer | undefined): void {
    const serve = (version: 'http1' | 'http2', read: Buffer) => {
      const { state, server } = this.#options;
      server.serve(wire, version, new AdminHandler({ state, client, guard: () => this.#guard }));
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
