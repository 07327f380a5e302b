import type { Wire } from '../../transport/wire.ts';
import type { HttpClient, RequestSink, ResponseSink, StreamFailure } from '../exchange.ts';
import { asksForTunnel, type RequestHead, VERSION } from '../head.ts';
import { type ConnectionOwner, H1ClientConnection } from './client-connection.ts';
import { ClientExchange, type ExchangeQueue, protocolFailure } from './client-exchange.ts';
import { isWritable } from './framing.ts';
import { createHeadMemory, type HeadMemory } from './head-memory.ts';
import { type Sweepable, sweepIdle, sweepTick } from './idle-sweep.ts';
import type { ResponseMessage } from './response.ts';

/** Opens connections to one endpoint. Calls exactly one of the two, once. */
export interface Connector {
  connect(onConnected: (wire: Wire) => void, onFailed: (failure: StreamFailure) => void): void;
}

export interface H1ClientPoolOptions {
  readonly memory: HeadMemory<ResponseMessage>;
  /** Whole sweeps (seconds) a connection may be idle. Defaults to 3. */
  readonly idleTicks: number;
  /** Defaults to 10,000. */
  readonly maxIdle: number;
}

/** Source of the numbers: facts sheet proxy-wire, section 22. */
const DEFAULTS: H1ClientPoolOptions = { memory: createHeadMemory(), idleTicks: 3, maxIdle: 10_000 };

/**
 * The HTTP/1 connections to one endpoint. A request takes the connection used last; without one it waits for the
 * first that is made or comes back. HTTP/1.0 requests, those without an authority, and those that may leave HTTP
 * get a connection of their own.
 */
export class H1ClientPool implements HttpClient, ConnectionOwner, ExchangeQueue, Sweepable {
  readonly #connector: Connector;
  readonly #options: H1ClientPoolOptions;
  /** Ordered by the time they became idle: the last is the youngest. */
  readonly #idle: H1ClientConnection[] = [];
  readonly #waiting: ClientExchange[] = [];
  #connecting = 0;
  #closed = false;

  constructor(connector: Connector, options: Partial<H1ClientPoolOptions> = {}) {
    this.#connector = connector;
    this.#options = { ...DEFAULTS, ...options };
  }

  get idleConnections(): number {
    return this.#idle.length;
  }

  get waitingRequests(): number {
    return this.#waiting.length;
  }

  request(head: RequestHead, end: boolean, response: ResponseSink): RequestSink {
    const exchange = new ClientExchange(head, end, response);
    if (!isWritable(head, end)) {
      exchange.fail(protocolFailure('the request cannot be written in HTTP/1.1'));
      return exchange;
    }
    if (needsOwnConnection(head)) {
      this.#connectFor(exchange);
      return exchange;
    }
    const connection = this.#idle.pop();
    if (connection !== undefined) {
      connection.begin(exchange);
      return exchange;
    }
    exchange.waitIn(this);
    this.#waiting.push(exchange);
    this.#connect();
    return exchange;
  }

  /** Closes idle connections now and the others after their exchange. Requests that wait are still served. */
  close(): void {
    this.#closed = true;
    for (const connection of this.#idle.splice(0)) connection.retire();
  }

  #connect(): void {
    this.#connecting++;
    this.#connector.connect(
      (wire) => {
        this.#connecting--;
        this.giveBack(this.#open(wire, false));
      },
      (failure) => {
        this.#connecting--;
        // A connection that came back has served somebody else's turn: this failure is nobody's then.
        if (this.#waiting.length > this.#connecting) this.#waiting.shift()?.fail(failure);
      },
    );
  }

  #connectFor(exchange: ClientExchange): void {
    this.#connector.connect(
      (wire) => {
        if (exchange.over) wire.endAndClose();
        else this.#open(wire, true).begin(exchange);
      },
      (failure) => exchange.fail(failure),
    );
  }

  #open(wire: Wire, once: boolean): H1ClientConnection {
    const connection = new H1ClientConnection(wire, this, { memory: this.#options.memory, once });
    wire.receiver = connection;
    return connection;
  }

  giveBack(connection: H1ClientConnection): void {
    const next = this.#waiting.shift();
    if (next !== undefined) {
      connection.begin(next);
      return;
    }
    if (this.#closed || this.#idle.length >= this.#options.maxIdle) {
      connection.retire();
      return;
    }
    connection.idleSince = sweepTick();
    this.#idle.push(connection);
    if (this.#idle.length === 1) sweepIdle(this);
  }

  forget(connection: H1ClientConnection): void {
    const index = this.#idle.lastIndexOf(connection);
    if (index >= 0) this.#idle.splice(index, 1);
  }

  abandon(exchange: ClientExchange): void {
    const index = this.#waiting.indexOf(exchange);
    if (index >= 0) this.#waiting.splice(index, 1);
  }

  sweep(tick: number): boolean {
    let old = 0;
    for (const connection of this.#idle) {
      if (tick - connection.idleSince <= this.#options.idleTicks) break;
      old++;
    }
    if (old > 0) for (const connection of this.#idle.splice(0, old)) connection.retire();
    return this.#idle.length > 0;
  }
}

function needsOwnConnection(head: RequestHead): boolean {
  return head.version === VERSION.http10 || head.authority === '' || asksForTunnel(head);
}
