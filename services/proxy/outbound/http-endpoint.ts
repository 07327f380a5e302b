import { backoffDelayMs, type Millis } from '#lib/base';
import type { Labels } from '#lib/telemetry';
import type { HttpClient, RequestSink, ResponseSink, StreamFailure } from '../http/exchange.ts';
import { H1ClientPool } from '../http/h1/client-pool.ts';
import { H2ClientConnection } from '../http/h2/client-connection.ts';
import { createClientConfig } from '../http/h2/config.ts';
import { asksForTunnel, type RequestHead } from '../http/head.ts';
import { HttpSeries } from '../metrics/http-series.ts';
import { connectTlsLabels, targetLabels } from '../metrics/labels.ts';
import { TcpSeries, transferCostOf } from '../metrics/tcp-series.ts';
import { TracedExchange } from '../trace/traced-exchange.ts';
import type { Wire } from '../transport/wire.ts';
import type { BalancedEndpoint } from './balance/balancer.ts';
import { PeakEwma } from './balance/peak-ewma.ts';
import type { Readiness } from './balance/readiness.ts';
import type { LoadConfig } from './client-policy.ts';
import { connectEndpoint, tlsOf } from './connect-endpoint.ts';
import type { OutboundContext } from './dispatch-context.ts';
import type { Endpoint } from './endpoint.ts';
import { overrideAuthority } from './request-heads.ts';

export interface HttpEndpointOptions {
  readonly endpoint: Endpoint;
  /** The version of the requests that come: they share connections only with their like. */
  readonly version: 'http1' | 'http2';
  /** The logical name that metrics show, empty for none. */
  readonly authority: string;
  readonly load: LoadConfig;
  readonly context: OutboundContext;
  readonly onReadiness: () => void;
}

/** How long an endpoint whose app was unreachable is passed over while others are ready. */
const APP_PAUSE_MS: Millis = 1000;

/** A connection that lived so long is replaced at once. */
const STABLE_MS: Millis = 1000;

/** The metric labels of an endpoint, on the outbound side. */
export function endpointLabels(endpoint: Endpoint, authority: string, context: OutboundContext): Labels {
  const isLocal = context.localIps.has(endpoint.address.host);
  const reason = isLocal ? 'loopback' : 'not_provided_by_service_discovery';
  return {
    direction: 'outbound',
    ...(authority === '' ? {} : { authority }),
    ...targetLabels(endpoint.address),
    ...connectTlsLabels(tlsOf(endpoint, context)?.serverId, reason),
    ...endpoint.labels,
  };
}

/**
 * An endpoint that takes HTTP: over one HTTP/2 connection (native, or HTTP/1 upgraded for a meshed peer), or over a
 * pool of HTTP/1 connections. It keeps itself connected, with backoff.
 */
export class HttpEndpoint implements BalancedEndpoint, HttpClient {
  readonly endpoint: Endpoint;
  /** HTTP/1 requests travel as HTTP/2 with `l5d-orig-proto`. */
  readonly upgrades: boolean;
  /** The identity that the peer proves; undefined where it is spoken to in plaintext. */
  readonly serverId: string | undefined;
  /** Takes requests without an established connection: HTTP/1 pools connect for each request that needs it. */
  readonly isLazy: boolean;
  readonly http: HttpSeries;
  readonly ewma: PeakEwma;
  readiness: Readiness = 'idle';
  failure: string | undefined;
  readonly #options: HttpEndpointOptions;
  readonly #tcp: TcpSeries;
  /** Heads that come again, as they go to an endpoint that is known by another name. */
  readonly #overridden = new WeakMap<RequestHead, RequestHead>();
  #h2: H2ClientConnection | undefined;
  #h1: H1ClientPool | undefined;
  /** For what may leave HTTP, where all other requests are upgraded to HTTP/2. */
  #tunnels: H1ClientPool | undefined;
  #failures = 0;
  #connectedMs: Millis = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: HttpEndpointOptions) {
    const { endpoint, version, context } = options;
    this.#options = options;
    this.endpoint = endpoint;
    this.serverId = tlsOf(endpoint, context)?.serverId;
    this.upgrades = version === 'http1' && endpoint.hint === 'h2' && this.serverId !== undefined;
    this.isLazy = version === 'http1' && !this.upgrades;
    const labels = endpointLabels(endpoint, options.authority, context);
    this.http = new HttpSeries(context.families, labels);
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
    if (this.readiness !== 'idle') return;
    if (this.isLazy) {
      this.#h1 = this.#createPool((failure) => this.#onConnectFailed(failure));
      this.#become('ready');
    } else this.#connectH2();
  }

  #become(readiness: Readiness): void {
    if (this.readiness === 'draining' || this.readiness === readiness) return;
    this.readiness = readiness;
    this.#options.onReadiness();
  }

  #createPool(onConnectFailed: (failure: StreamFailure) => void): H1ClientPool {
    const { config } = this.#options.context;
    return new H1ClientPool(
      {
        connect: (onConnected, onFailed) =>
          this.#dial('http1', onConnected, (failure) => {
            onConnectFailed(failure);
            onFailed(failure);
          }),
      },
      {
        idleTicks: Math.max(1, Math.round(config.poolIdleTimeoutMs / 1000)),
        maxIdle: config.maxIdlePerEndpoint,
      },
    );
  }

  #dial(
    session: 'http1' | 'http2',
    onConnected: (wire: Wire) => void,
    onFailed: (failure: StreamFailure) => void,
  ): void {
    const { endpoint, context } = this.#options;
    connectEndpoint(
      endpoint,
      { session, context },
      {
        onFailed,
        onConnected: (wire) => {
          this.#failures = 0;
          this.failure = undefined;
          this.#tcp.track(context.tracker, wire);
          onConnected(wire);
        },
      },
    );
  }

  #connectH2(): void {
    this.#become('connecting');
    this.#dial(
      'http2',
      (wire) => this.#onConnected(wire),
      (failure) => {
        this.#logFailure(failure);
        this.#onConnectFailed(failure);
      },
    );
  }

  #onConnected(wire: Wire): void {
    if (this.readiness === 'draining') {
      wire.endAndClose();
      return;
    }
    const connection = new H2ClientConnection(wire, {
      config: createClientConfig(this.#options.context.config.clientWindows, this.endpoint.keepAlive),
      onStateChange: (state) => {
        if (state !== 'open') this.#onUnusable(connection);
      },
    });
    this.#h2 = connection;
    this.#connectedMs = this.#options.context.clock.monotonic();
    this.#become('ready');
  }

  /** The connection takes no more requests (closed, or told to go away): a new one is made for what comes. */
  #onUnusable(connection: H2ClientConnection): void {
    if (this.#h2 !== connection) return;
    this.#h2 = undefined;
    if (this.readiness === 'draining') return;
    const { clock, config } = this.#options.context;
    if (clock.monotonic() - this.#connectedMs >= STABLE_MS) this.#connectH2();
    // A peer that takes connections only to drop them is not to be connected to in a loop.
    else this.#backOff(config.backoff.minMs);
  }

  #onConnectFailed(failure: StreamFailure): void {
    this.failure = failure.message;
    if (this.readiness === 'draining') return;
    const { backoff } = this.#options.context.config;
    this.#backOff(backoffDelayMs(backoff, this.#failures++, this.#options.context.random));
  }

  #backOff(delayMs: Millis): void {
    this.#become('backoff');
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => (this.isLazy ? this.#become('ready') : this.#connectH2()), delayMs);
    this.#timer.unref();
  }

  /** The app behind this endpoint cannot be reached: others are preferred for a moment. */
  pause(): void {
    if (this.readiness !== 'ready') return;
    this.#become('ejected');
    this.#timer = setTimeout(() => {
      if (this.readiness === 'ejected') this.#become('ready');
    }, APP_PAUSE_MS);
    this.#timer.unref();
  }

  #logFailure(failure: StreamFailure): void {
    this.#options.context.log.warn('Failed to connect', {
      'endpoint.addr': `${this.endpoint.address.host}:${this.endpoint.address.port}`,
      error: failure.message,
    });
  }

  request(head: RequestHead, end: boolean, response: ResponseSink): RequestSink {
    const span = this.#options.context.tracer?.start('client', head);
    if (span === undefined) return this.#send(head, end, response);
    const exchange = new TracedExchange(span, response);
    return exchange.begin(this.#send(span.head, end, exchange));
  }

  #send(given: RequestHead, end: boolean, response: ResponseSink): RequestSink {
    const head = this.endpoint.authorityOverride === undefined ? given : this.#overrideAuthority(given);
    if (this.upgrades && asksForTunnel(head)) return this.#requestTunnel(head, end, response);
    const client = this.#h2 ?? this.#h1;
    if (client === undefined) {
      // The connection went between the choice and this call.
      response.responseFailed({ kind: 'io', code: 0, message: 'connection closed', unprocessed: true });
      return CLOSED_SINK;
    }
    return client.request(head, end, response);
  }

  #overrideAuthority(head: RequestHead): RequestHead {
    const { authorityOverride = '' } = this.endpoint;
    const known = this.#overridden.get(head);
    if (known !== undefined) return known;
    const overridden = overrideAuthority(head, authorityOverride);
    if (head.repeated) this.#overridden.set(head, overridden);
    return overridden;
  }

  /** By a connection of its own, over mTLS like the others; whether it can be made says nothing of the HTTP/2 one. */
  #requestTunnel(head: RequestHead, end: boolean, response: ResponseSink): RequestSink {
    this.#tunnels ??= this.#createPool((failure) => this.#logFailure(failure));
    return this.#tunnels.request(head, end, response);
  }

  drain(): void {
    if (this.readiness === 'draining') return;
    this.readiness = 'draining';
    clearTimeout(this.#timer);
    this.#h2?.shutdown();
    this.#h1?.close();
    this.#tunnels?.close();
  }
}

const CLOSED_SINK: RequestSink = {
  requestData() {},
  requestTrailers() {},
  requestCancelled() {},
  responseCredit() {},
};
