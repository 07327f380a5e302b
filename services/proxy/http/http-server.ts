import type { ServerHttp2Config } from '../config.ts';
import type { Wire } from '../transport/wire.ts';
import type { RequestHandler } from './exchange.ts';
import { createH1ServerOptions, H1ServerConnection } from './h1/server-connection.ts';
import { createH2Counters, DEFAULT_H2_CONFIG, type H2Config } from './h2/config.ts';
import { MAX_FRAME_BYTES } from './h2/frame.ts';
import { H2ServerConnection } from './h2/server-connection.ts';

/** What is left out has its default. */
export type HttpServerConfig = Pick<ServerHttp2Config, 'keepAlive' | 'maxConcurrentStreams'> &
  Partial<ServerHttp2Config>;

/** The HTTP connections of one direction that are being served: they share their memories and counters. */
export class HttpServer {
  readonly h1 = createH1ServerOptions();
  readonly h2Counters = createH2Counters();
  readonly #h2Config: H2Config;
  readonly #open = new Set<{ shutdown(): void }>();

  constructor(config: HttpServerConfig) {
    this.#h2Config = createH2Config(config);
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
    return new H2ServerConnection(wire, { handler, counters: this.h2Counters, config: this.#h2Config });
  }

  /** Every connection completes what is in flight, tells its client, and closes. */
  shutdown(): void {
    for (const connection of this.#open) connection.shutdown();
  }
}

/** A block that holds a list of the greatest size may take as many bytes, and frames, as that. */
function createH2Config(server: HttpServerConfig): H2Config {
  const { keepAlive, maxConcurrentStreams, windows, maxHeaderListBytes, maxFrameBytes, maxResets } = server;
  const { floods, ...defaults } = DEFAULT_H2_CONFIG;
  const listBytes = maxHeaderListBytes ?? defaults.maxHeaderListBytes;
  return {
    ...defaults,
    streamWindowBytes: windows?.streamBytes ?? defaults.streamWindowBytes,
    connectionWindowBytes: windows?.connectionBytes ?? defaults.connectionWindowBytes,
    maxHeaderListBytes: listBytes,
    maxFrameBytes: maxFrameBytes ?? defaults.maxFrameBytes,
    maxConcurrentStreams,
    keepAlive: keepAlive === undefined ? undefined : { ...keepAlive, whileIdle: true },
    floods: {
      ...floods,
      resets: { ...floods.resets, burst: maxResets ?? floods.resets.burst },
      headerBlockBytes: Math.max(floods.headerBlockBytes, listBytes),
      continuations: Math.max(floods.continuations, Math.ceil(listBytes / MAX_FRAME_BYTES) * 2),
    },
  };
}
