import { detectHttp, type HttpDetection } from '../detect/detect-http.ts';
import { Sniffer } from '../detect/sniffer.ts';
import { PROXY_ERROR, type ProxyError, withContext } from '../errors.ts';
import { answerError } from '../http/answer-error.ts';
import type { RequestHandler, RequestSink, ServerResponse } from '../http/exchange.ts';
import type { RequestHead } from '../http/head.ts';
import type { HttpServer } from '../http/http-server.ts';
import { parentLabels, targetLabels } from '../metrics/labels.ts';
import { TcpSeries } from '../metrics/tcp-series.ts';
import { formatAddress, isLoopback, type SocketAddress } from '../transport/address.ts';
import type { Accepted } from '../transport/listen.ts';
import { readOriginalDestination } from '../transport/socket-options.ts';
import type { Wire } from '../transport/wire.ts';
import type { Target } from './discovery/target.ts';
import type { TargetCache } from './discovery/target-cache.ts';
import type { OutboundContext } from './dispatch-context.ts';

export interface OutboundOptions {
  readonly context: OutboundContext;
  readonly targets: TargetCache;
  readonly server: HttpServer;
  /** Ports of this proxy itself: a connection to one would run in a circle. */
  readonly ownPorts: ReadonlySet<number>;
}

const PROTOCOL_LABEL = {
  detect: 'detect',
  http1: 'http/1',
  http2: 'http/2',
  opaque: 'opaq',
  tls: 'tls',
} as const;
const DETECT_LABEL = { http1: 'http/1', http2: 'http/2', 'not-http': 'not_http' } as const;

/** Takes the connections of the app to the rest of the world. Source: facts sheet proxy-wire, section 2.3. */
export class Outbound {
  readonly #options: OutboundOptions;

  constructor(options: OutboundOptions) {
    this.#options = options;
  }

  accept(accepted: Accepted): void {
    const { wire } = accepted;
    const destination = readOriginalDestination(accepted.fd, accepted.isIpv6);
    if (destination === undefined || this.#isOwn(destination)) {
      this.#options.context.log.warn('Server failed to accept connection', {
        error: 'no original destination',
      });
      wire.reset();
      return;
    }
    this.#countConnection(wire, destination);
    const target = this.#options.targets.acquire(destination);
    wire.socket.once('close', () => this.#options.targets.release(target));
    if (target.isKnown) {
      this.#serve(wire, target);
      return;
    }
    wire.pause();
    target.whenKnown(() => {
      if (wire.closed) return;
      // First, so that a receiver may pause it again.
      wire.resume();
      this.#serve(wire, target);
    });
  }

  #isOwn(destination: SocketAddress): boolean {
    return isLoopback(destination.host) && this.#options.ownPorts.has(destination.port);
  }

  #countConnection(wire: Wire, destination: SocketAddress): void {
    const { families, tracker } = this.#options.context;
    const labels = {
      direction: 'outbound',
      peer: 'src',
      ...targetLabels(destination),
      tls: 'no_identity',
      no_tls_reason: 'loopback',
    };
    // Held by the connection alone: where an app once went is forgotten with its last connection there.
    new TcpSeries(families, labels).track(tracker, wire);
  }

  #serve(wire: Wire, target: Target): void {
    const { families, log } = this.#options.context;
    if (target.error !== undefined) {
      log.warn('Connection refused', { 'server.addr': formatAddress(target.address), error: target.error });
      families.outboundTcpErrors.with({ error: 'unexpected', ...targetLabels(target.address) }).inc();
      wire.reset();
      return;
    }
    const { protocol } = target;
    const parent = parentLabels(target.policy!.parent);
    families.protocolConnections.with({ protocol: PROTOCOL_LABEL[protocol], ...parent }).inc();
    if (protocol === 'detect') this.#detect(wire, target);
    else if (protocol === 'http1' || protocol === 'http2') this.#serveHttp(wire, target, protocol);
    else this.#forward(wire, target, undefined);
  }

  #forward(wire: Wire, target: Target, bytes: Buffer | undefined): void {
    const { opaque } = target;
    // A policy that changed while the protocol was looked for may take no opaque bytes any more.
    if (opaque === undefined) wire.reset();
    else opaque.forward(wire, bytes);
  }

  #detect(wire: Wire, target: Target): void {
    const { context } = this.#options;
    const startMs = performance.now();
    const parent = parentLabels(target.policy!.parent);
    const done = (result: string) => {
      context.families.outboundDetectSeconds.with(parent).observe((performance.now() - startMs) / 1000);
      context.families.outboundDetectResults.with({ ...parent, result }).inc();
    };
    wire.receiver = new Sniffer<HttpDetection>(wire, {
      timeoutMs: context.config.detectTimeoutMs,
      decide: detectHttp,
      onDecided: (found, bytes) => {
        done(DETECT_LABEL[found]);
        if (found === 'not-http') this.#forward(wire, target, bytes);
        else {
          this.#serveHttp(wire, target, found);
          wire.receiver.onBytes(bytes);
        }
      },
      onTimeout: (bytes) => {
        done('read_timeout');
        this.#forward(wire, target, bytes);
      },
      onEnded: () => {
        done('error');
        wire.endAndClose();
      },
    });
  }

  #serveHttp(wire: Wire, target: Target, version: 'http1' | 'http2'): void {
    const handler = new OutboundHandler(target, version, this.#options.context);
    this.#options.server.serve(wire, version, handler);
  }
}

/** What a handler needs of a target. */
export type HandledTarget = Pick<Target, 'address' | 'http'>;

/** Sends every request of a connection by the policy that its target has now. */
export class OutboundHandler implements RequestHandler {
  readonly #target: HandledTarget;
  readonly #version: 'http1' | 'http2';
  readonly #context: OutboundContext;

  constructor(target: HandledTarget, version: 'http1' | 'http2', context: OutboundContext) {
    this.#target = target;
    this.#version = version;
    this.#context = context;
  }

  handleRequest(head: RequestHead, end: boolean, response: ServerResponse): RequestSink {
    if (this.#context.inFlight.isFull) {
      const context = `server ${formatAddress(this.#target.address)}`;
      return this.#fail(withContext(PROXY_ERROR.loadShed, context), head, response);
    }
    const router = this.#target.http(this.#version);
    if (router !== undefined) return router.handle(head, end, response);
    return this.#fail(PROXY_ERROR.unexpected, head, response);
  }

  #fail(error: ProxyError, head: RequestHead, response: ServerResponse): RequestSink {
    const { informationalHeaders: emit, families } = this.#context;
    return answerError(error, { head, response, emit, counter: families.outboundHttpErrors });
  }
}
