import type { Millis } from '#lib/base';
import type { StreamFailure } from '../http/exchange.ts';
import { TcpSeries, transferCostOf } from '../metrics/tcp-series.ts';
import type { Wire } from '../transport/wire.ts';
import type { BalancedEndpoint } from './balance/balancer.ts';
import { PeakEwma } from './balance/peak-ewma.ts';
import type { Readiness } from './balance/readiness.ts';
import type { LoadConfig } from './client-policy.ts';
import { connectEndpoint } from './connect-endpoint.ts';
import type { OutboundContext } from './dispatch-context.ts';
import type { Endpoint } from './endpoint.ts';
import { endpointLabels } from './http-endpoint.ts';

export interface TcpEndpointOptions {
  readonly endpoint: Endpoint;
  readonly authority: string;
  readonly load: LoadConfig;
  readonly context: OutboundContext;
  readonly onReadiness: () => void;
}

/** How long an endpoint that refused a connection is passed over while others are ready. */
const REFUSAL_PAUSE_MS: Millis = 1000;

/** An endpoint that takes opaque connections: each gets a connection of its own. */
export class TcpEndpoint implements BalancedEndpoint {
  readonly endpoint: Endpoint;
  readonly isLazy = true;
  readonly ewma: PeakEwma;
  readiness: Readiness = 'idle';
  readonly #options: TcpEndpointOptions;
  readonly #tcp: TcpSeries;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: TcpEndpointOptions) {
    const { endpoint, authority, context } = options;
    this.#options = options;
    this.endpoint = endpoint;
    const labels = endpointLabels(endpoint, authority, context);
    this.#tcp = new TcpSeries(
      context.families,
      { direction: 'outbound', peer: 'dst', ...labels },
      transferCostOf(context.families, endpoint.zoneLocality),
    );
    this.ewma = new PeakEwma(options.load, context.clock.monotonic());
  }

  load(nowMs: Millis): number {
    return this.ewma.load(nowMs);
  }

  activate(): void {
    this.#become('ready');
  }

  #become(readiness: Readiness): void {
    if (this.readiness === 'draining' || this.readiness === readiness) return;
    this.readiness = readiness;
    this.#options.onReadiness();
  }

  /** Opens a connection for one forward. The load sample is the life of the connection. */
  connect(onConnected: (wire: Wire) => void, onFailed: (failure: StreamFailure) => void): void {
    const { context } = this.#options;
    const startMs = context.clock.monotonic();
    this.ewma.inFlight++;
    connectEndpoint(
      this.endpoint,
      { session: 'none', context },
      {
        onFailed: (failure) => {
          this.ewma.inFlight--;
          this.#pause();
          onFailed(failure);
        },
        onConnected: (wire) => {
          this.#become('ready');
          this.#tcp.track(context.tracker, wire);
          wire.socket.once('close', () => {
            this.ewma.inFlight--;
            const now = context.clock.monotonic();
            this.ewma.observe(now - startMs, now);
          });
          onConnected(wire);
        },
      },
    );
  }

  #pause(): void {
    this.#become('backoff');
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#become('ready'), REFUSAL_PAUSE_MS);
    this.#timer.unref();
  }

  drain(): void {
    clearTimeout(this.#timer);
    this.readiness = 'draining';
  }
}
