import type { Millis } from '#lib/base';
import type { Wire } from '../transport/wire.ts';
import type { RequestHandler } from './exchange.ts';
import { createH1ServerOptions, H1ServerConnection } from './h1/server-connection.ts';
import { createH2Counters, DEFAULT_H2_CONFIG } from './h2/config.ts';
import { H2ServerConnection } from './h2/server-connection.ts';

export interface HttpServerConfig {
  /** Pings on HTTP/2 connections; undefined for none. */
  readonly keepAlive: { readonly intervalMs: Millis; readonly timeoutMs: Millis } | undefined;
  /** Not advertised when undefined. */
  readonly maxConcurrentStreams: number | undefined;
}

/** The HTTP connections of one direction that are being served: they share their memories and counters. */
export class HttpServer {
  readonly h1 = createH1ServerOptions();
  readonly h2Counters = createH2Counters();
  readonly #config: HttpServerConfig;
  readonly #open = new Set<{ shutdown(): void }>();

  constructor(config: HttpServerConfig) {
    this.#config = config;
  }

  get openConnections(): number {
    return this.#open.size;
  }

  /** Speaks HTTP on a wire from now on; bytes that were read already are given to `wire.receiver` by the caller. */
  serve(wire: Wire, version: 'http1' | 'http2', handler: RequestHandler): void {
    const connection =
      version === 'http1' ? new H1ServerConnection(wire, handler, this.h1) : this.#createH2(wire, handler);
    wire.receiver = connection;
    this.#open.add(connection);
    wire.socket.once('close', () => this.#open.delete(connection));
  }

  #createH2(wire: Wire, handler: RequestHandler): H2ServerConnection {
    const { keepAlive, maxConcurrentStreams } = this.#config;
    return new H2ServerConnection(wire, {
      handler,
      counters: this.h2Counters,
      config: {
        ...DEFAULT_H2_CONFIG,
        maxConcurrentStreams,
        keepAlive: keepAlive === undefined ? undefined : { ...keepAlive, whileIdle: true },
      },
    });
  }

  /** Every connection completes what is in flight, tells its client, and closes. */
  shutdown(): void {
    for (const connection of this.#open) connection.shutdown();
  }
}
