import { detectHttp, type HttpDetection } from '../detect/detect-http.ts';
import { Sniffer } from '../detect/sniffer.ts';
import type { HttpServer } from '../http/http-server.ts';
import { parentLabels, targetLabels } from '../metrics/labels.ts';
import { TcpSeries } from '../metrics/tcp-series.ts';
import { traceHandler } from '../trace/traced-handler.ts';
import { formatAddress, isLoopback, type SocketAddress } from '../transport/address.ts';
import type { Accepted } from '../transport/listen.ts';
import { readOriginalDestination } from '../transport/socket-options.ts';
import type { Wire } from '../transport/wire.ts';
import type { Target } from './discovery/target.ts';
import type { TargetCache } from './discovery/target-cache.ts';
import type { OutboundContext } from './dispatch-context.ts';
import { IngressHandler } from './ingress-handler.ts';
import { OutboundHandler } from './outbound-handler.ts';

export interface OutboundOptions {
  readonly context: OutboundContext;
  readonly targets: TargetCache;
  readonly server: HttpServer;
  /** Ports of this proxy itself: a connection to one would run in a circle. */
  readonly ownPorts: ReadonlySet<number>;
  /** Requests say themselves where they go. */
  readonly ingressMode: boolean;
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
    if (this.#options.ingressMode) this.#acceptIngress(wire, destination);
    else this.#acceptTo(wire, destination);
  }

  #acceptTo(wire: Wire, destination: SocketAddress): void {
    this.#withTarget(wire, destination, (target) => this.#serve(wire, target));
  }

  /** What is spoken is always looked for: HTTP goes where each request says, all else where the app meant to. */
  #acceptIngress(wire: Wire, destination: SocketAddress): void {
    const { context, targets } = this.#options;
    const forward = (bytes: Buffer) =>
      this.#withTarget(wire, destination, (target) => this.#forward(wire, target, bytes));
    wire.receiver = new Sniffer<HttpDetection>(wire, {
      timeoutMs: context.config.detectTimeoutMs,
      decide: detectHttp,
      onDecided: (version, bytes) => {
        if (version === 'not-http') {
          forward(bytes);
          return;
        }
        const handler = new IngressHandler({ targets, context, version, destination });
        this.#options.server.serve(wire, version, traceHandler(handler, context.tracer));
        wire.socket.once('close', () => handler.close());
        wire.receiver.onBytes(bytes);
      },
      onTimeout: forward,
      onEnded: () => wire.endAndClose(),
    });
  }

  /** Holds a target as long as the connection lasts; calls back when it is known what to do with it. */
  #withTarget(wire: Wire, destination: SocketAddress, known: (target: Target) => void): void {
    const target = this.#options.targets.acquire(destination);
    wire.socket.once('close', () => this.#options.targets.release(target));
    if (target.isKnown) {
      known(target);
      return;
    }
    const { config, families } = this.#options.context;
    if (target.waitingCount >= config.tcpQueueCapacity) {
      families.outboundTcpErrors.with({ error: 'loadshed', ...targetLabels(destination) }).inc();
      wire.reset();
      return;
    }
    wire.pause();
    target.whenKnown(() => {
      if (wire.closed) return;
      // First, so that a receiver may pause it again.
      wire.resume();
      known(target);
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
      families.outboundTcpErrors.with({ error: target.errorKind, ...targetLabels(target.address) }).inc();
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
    const { context, server } = this.#options;
    const handler = new OutboundHandler(target, version, context);
    server.serve(wire, version, traceHandler(handler, context.tracer));
  }
}
