import type { BackoffConfig, Clock, Millis, Random } from '#lib/base';
import type { BalancerSeries } from '../../metrics/balancer-series.ts';
import { formatAddress } from '../../transport/address.ts';
import type { Endpoint, EndpointsUpdate } from '../endpoint.ts';
import { type Loaded, pickOfTwo } from './p2c.ts';
import type { Readiness } from './readiness.ts';
import { isSameEndpoint } from './same-endpoint.ts';

/** An endpoint as a balancer drives it: it connects by itself and says when its readiness changed. */
export interface BalancedEndpoint extends Loaded {
  readonly endpoint: Endpoint;
  readonly readiness: Readiness;
  /** Takes requests without an established connection: may be tried while it backs off, if nothing better is there. */
  readonly isLazy: boolean;
  /** Why the last attempt to connect failed; undefined once one succeeded. */
  readonly failure?: string | undefined;
  /** Starts connecting if it is idle. */
  activate(): void;
  /** Takes no new requests; closes when those in flight are done. */
  drain(): void;
}

/** Better than nothing: an endpoint that needs no connection, or has one to a proxy whose app was unreachable. */
function isLastResort(endpoint: BalancedEndpoint): boolean {
  return endpoint.readiness === 'ejected' || (endpoint.isLazy && endpoint.readiness === 'backoff');
}

/** A request or connection that waits for an endpoint. */
export interface Waiting<E> {
  /** True once the client has gone: it is dropped without a word. */
  readonly isCancelled: boolean;
  dispatch(endpoint: E): void;
  /** There was no endpoint in time; `reason` says why one of them could not be connected to, where that is known. */
  failFast(reason: string | undefined): void;
  /** Nothing more can wait: the gate is shut, or the queue is full; `reason` as above. */
  shed(reason: string | undefined): void;
}

export interface BalancerConfig {
  readonly queueCapacity: number;
  readonly failfastTimeoutMs: Millis;
  readonly backoff: BackoffConfig;
}

export interface BalancerContext<E> {
  readonly config: BalancerConfig;
  readonly clock: Clock;
  readonly random: Random;
  readonly series: BalancerSeries;
  createEndpoint(endpoint: Endpoint, onReadiness: () => void): E;
}

interface QueueEntry<E> {
  readonly waiting: Waiting<E>;
  readonly sinceMs: Millis;
}

/**
 * P2C over the ready endpoints of one destination. While none is ready requests wait, bounded; when none has been
 * ready for the fail-fast timeout the gate shuts: what waits fails, and what comes is shed at once, until an endpoint
 * is ready again. Source: facts sheet proxy-wire, section 19.
 */
export class Balancer<E extends BalancedEndpoint> {
  readonly #context: BalancerContext<E>;
  readonly #endpoints = new Map<string, E>();
  #ready: E[] = [];
  #queue: QueueEntry<E>[] = [];
  #shut = false;
  #updating = false;
  /** Something has been sent: before that no endpoint is connected to, for the app may speak another version. */
  #isActive = false;
  #timer: NodeJS.Timeout | undefined;
  /** Set while it closes as soon as nothing waits. */
  #onClosed: (() => void) | undefined;

  constructor(context: BalancerContext<E>) {
    this.#context = context;
    context.series.gateTimeout.set(context.config.failfastTimeoutMs / 1000);
  }

  /** Endpoints that could take a request now. */
  get readyCount(): number {
    return this.#ready.length;
  }

  /** True where something else than `endpoint` could take a request now. */
  isReadyBeside(endpoint: E): boolean {
    return this.#ready.some((ready) => ready !== endpoint);
  }

  /** Sends to the better of two ready endpoints, or queues. */
  dispatch(waiting: Waiting<E>): void {
    this.#context.series.queueRequests.value++;
    this.activate();
    this.#send(waiting);
  }

  /** Connects to the endpoints, because something will be sent soon. */
  activate(): void {
    if (this.#isActive) return;
    this.#isActive = true;
    this.#updating = true;
    for (const endpoint of this.#endpoints.values()) endpoint.activate();
    this.#updating = false;
    this.#refresh();
  }

  #send(waiting: Waiting<E>): void {
    const endpoint = pickOfTwo(this.#ready, this.#context.clock.monotonic(), this.#context.random);
    if (endpoint !== undefined) waiting.dispatch(endpoint);
    else this.#enqueue(waiting);
  }

  #enqueue(waiting: Waiting<E>): void {
    const { config, clock, series } = this.#context;
    if (this.#shut || this.#queue.length >= config.queueCapacity) {
      waiting.shed(this.#explain());
      return;
    }
    this.#queue.push({ waiting, sinceMs: clock.monotonic() });
    series.queueLength.set(this.#queue.length);
    this.#armTimer();
  }

  #armTimer(): void {
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => this.#shutGate(), this.#context.config.failfastTimeoutMs);
    this.#timer.unref();
  }

  #shutGate(): void {
    this.#timer = undefined;
    this.#shut = true;
    const { series, clock } = this.#context;
    series.gateShut.inc();
    series.gateShutTime.set(clock.now() / 1000);
    this.#failQueue();
  }

  #failQueue(): void {
    const reason = this.#explain();
    for (const { waiting } of this.#takeQueue()) if (!waiting.isCancelled) waiting.failFast(reason);
    this.#closeIfEmpty();
  }

  /** What one endpoint's last failure was: mostly they all have the same. */
  #explain(): string | undefined {
    for (const [key, { failure }] of this.#endpoints)
      if (failure !== undefined) return `endpoint ${key}: ${failure}`;
    return undefined;
  }

  #takeQueue(): QueueEntry<E>[] {
    const queue = this.#queue;
    this.#queue = [];
    this.#context.series.queueLength.set(0);
    return queue;
  }

  /** Applies a change of the destination's endpoints. Unchanged ones keep their connections. */
  update(update: EndpointsUpdate): void {
    const { series } = this.#context;
    series.countUpdate(update.kind);
    // Endpoints that are ready at once are looked at together, not each with all before it.
    this.#updating = true;
    if (update.kind === 'remove') {
      for (const address of update.addresses) this.#remove(formatAddress(address));
    } else {
      const keys = new Set(update.endpoints.map((endpoint) => formatAddress(endpoint.address)));
      if (update.kind === 'reset') {
        for (const key of [...this.#endpoints.keys()]) if (!keys.has(key)) this.#remove(key);
      }
      for (const endpoint of update.endpoints) this.#put(endpoint);
    }
    this.#updating = false;
    this.#refresh();
  }

  #put(endpoint: Endpoint): void {
    const key = formatAddress(endpoint.address);
    const known = this.#endpoints.get(key);
    if (known !== undefined && isSameEndpoint(known.endpoint, endpoint)) return;
    known?.drain();
    const created = this.#context.createEndpoint(endpoint, () => this.#refresh());
    this.#endpoints.set(key, created);
    if (this.#isActive) created.activate();
  }

  #remove(key: string): void {
    this.#endpoints.get(key)?.drain();
    this.#endpoints.delete(key);
  }

  #refresh(): void {
    if (this.#updating) return;
    const wasReady = this.#ready.length > 0;
    const all = [...this.#endpoints.values()];
    this.#ready = all.filter((endpoint) => endpoint.readiness === 'ready');
    if (this.#ready.length === 0) this.#ready = all.filter(isLastResort);
    const { series, clock } = this.#context;
    series.setEndpoints(this.#ready.length, this.#endpoints.size - this.#ready.length);
    if (this.#ready.length === 0) return;
    if (!wasReady || this.#shut) {
      series.gateOpen.inc();
      series.gateOpenTime.set(clock.now() / 1000);
    }
    this.#shut = false;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#flushQueue();
  }

  #flushQueue(): void {
    if (this.#queue.length === 0) return;
    const now = this.#context.clock.monotonic();
    for (const { waiting, sinceMs } of this.#takeQueue()) {
      if (waiting.isCancelled) continue;
      this.#context.series.queueSeconds.observe((now - sinceMs) / 1000);
      this.#send(waiting);
    }
    this.#closeIfEmpty();
  }

  /**
   * Closes when nothing waits any more, which the fail-fast timeout bounds: a request is not to fail for coming just
   * before a new policy. Then drains every endpoint, sheds what still comes, and calls back.
   */
  close(onClosed: () => void): void {
    this.#onClosed = onClosed;
    this.#closeIfEmpty();
  }

  #closeIfEmpty(): void {
    const onClosed = this.#onClosed;
    if (onClosed === undefined || this.#queue.length > 0) return;
    this.#onClosed = undefined;
    this.#shut = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const endpoint of this.#endpoints.values()) endpoint.drain();
    this.#endpoints.clear();
    this.#ready = [];
    this.#context.series.setEndpoints(0, 0);
    onClosed();
  }
}
