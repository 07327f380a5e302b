import type { SecureContext } from 'node:tls';
import { type BackoffConfig, backoffDelayMs, describeError, type Random } from '#lib/base';
import type { ControlAddress } from '../../config.ts';
import type { ClientState, H2ClientConnection } from '../../http/h2/client-connection.ts';
import { formatAddress, type SocketAddress } from '../../transport/address.ts';
import type { ConnectConfig } from '../../transport/connect.ts';
import { dialControl } from './dial.ts';
import type { Outage } from './outage.ts';
import type { AddressResolver, Resolution } from './resolver.ts';

export interface KeeperOptions {
  readonly address: ControlAddress;
  readonly resolver: AddressResolver;
  readonly connect: ConnectConfig;
  readonly backoff: BackoffConfig;
  /** The certificate to show; undefined while there is none. Asked for each connection. */
  readonly currentContext: () => SecureContext | undefined;
  readonly random: Random;
  /** Told of every failure, and of every connection. */
  readonly outage: Pick<Outage, 'failed' | 'end'>;
  /** Told when `isConnected` changes. */
  onReachability?: ((isConnected: boolean) => void) | undefined;
  onConnected(connection: H2ClientConnection): void;
  /** Nobody waits for a call: the connection need not be kept. */
  isUnused(): boolean;
}

/** Everybody lost the control plane in the same moment: this share of a delay is left out at random. */
const MAX_SPREAD = 0.5;
/** A connection that lived shorter than this was no success. */
const STABLE_MS = 1000;

/**
 * Keeps one connection to a control-plane service, from the first `wake()` on:
 *
 *     idle ──wake──► connecting ──► ready ──lost──► connecting
 *       ▲               │  ▲          │
 *       │          failed  timer      └─ unused when its address is due to be looked up again ──► idle
 *       │               ▼  │
 *       │             waiting (backoff)
 *       └── closed
 *
 * An address that the name no longer stands for takes no new calls; those it has go on.
 */
export class ConnectionKeeper {
  readonly #options: KeeperOptions;
  #state: 'idle' | 'connecting' | 'ready' | 'waiting' | 'closed' = 'idle';
  #connection: H2ClientConnection | undefined;
  #peer = '';
  #connectedAtMs = 0;
  #attempt = 0;
  #resolution: (Resolution & { readonly untilMs: number }) | undefined;
  /** The DNS did not answer the last time it was asked. */
  #isStale = false;
  /** We end the connection ourselves, for want of use or for another address. */
  #isLeaving = false;
  #timer: NodeJS.Timeout | undefined;
  #isConnected = true;

  constructor(options: KeeperOptions) {
    this.#options = options;
  }

  /** False from a failure or a loss to the next success. */
  get isConnected(): boolean {
    return this.#isConnected;
  }

  #setConnected(isConnected: boolean): void {
    if (this.#isConnected === isConnected) return;
    this.#isConnected = isConnected;
    this.#options.onReachability?.(isConnected);
  }

  /** The connection to use now. */
  get connection(): H2ClientConnection | undefined {
    return this.#connection?.canTakeRequest === true ? this.#connection : undefined;
  }

  /** Somebody has a call to make. */
  wake(): void {
    if (this.#state === 'idle') void this.#connect();
  }

  close(): void {
    this.#state = 'closed';
    clearTimeout(this.#timer);
    const connection = this.#connection;
    this.#connection = undefined;
    connection?.wire.destroy();
  }

  async #connect(): Promise<void> {
    const { address, currentContext } = this.#options;
    this.#state = 'connecting';
    const context = address.identity === undefined ? undefined : currentContext();
    if (address.identity !== undefined && context === undefined) {
      // Our own certificate is on its way: not a failure of theirs.
      this.#wait(this.#options.backoff.minMs);
      return;
    }
    try {
      const { addresses } = await this.#resolve();
      this.#dialNext(shuffle(addresses, this.#options.random), context);
    } catch (error) {
      this.#fail(describeError(error));
    }
  }

  async #resolve(): Promise<Resolution> {
    const known = this.#resolution;
    if (known !== undefined && known.untilMs > performance.now()) return known;
    const { host, port } = this.#options.address;
    try {
      const resolution = await this.#options.resolver.resolve(host, port);
      this.#resolution = { ...resolution, untilMs: performance.now() + resolution.ttlMs };
      this.#isStale = false;
      return resolution;
    } catch (error) {
      // While the DNS is away the last known addresses are the best guess; whoever answers must prove who it is.
      if (known === undefined) throw error;
      this.#isStale = true;
      return known;
    }
  }

  #dialNext(addresses: readonly SocketAddress[], context: SecureContext | undefined): void {
    if (this.#state !== 'connecting') return;
    const [next, ...others] = addresses;
    if (next === undefined) return;
    const { address, connect } = this.#options;
    const tls =
      address.identity === undefined || context === undefined
        ? undefined
        : { identity: address.identity, context };
    let made: H2ClientConnection | undefined;
    const onStateChange = (state: ClientState) => this.#onStateChange(made, state);
    dialControl(
      next,
      { connect, tls, connection: { onStateChange } },
      {
        onConnected: (connection) => {
          made = connection;
          this.#onConnected(connection, next);
        },
        onFailed: (message) => {
          if (others.length === 0) this.#fail(`endpoint ${formatAddress(next)}: ${message}`);
          else this.#dialNext(others, context);
        },
      },
    );
  }

  #onConnected(connection: H2ClientConnection, peer: SocketAddress): void {
    if (this.#state !== 'connecting') {
      connection.wire.destroy();
      return;
    }
    this.#state = 'ready';
    this.#connection = connection;
    this.#peer = formatAddress(peer);
    this.#connectedAtMs = performance.now();
    this.#options.outage.end();
    this.#setConnected(true);
    this.#scheduleLook();
    this.#options.onConnected(connection);
  }

  /** `draining` and `closed` are the same to us: the connection takes no more calls. */
  #onStateChange(connection: H2ClientConnection | undefined, state: ClientState): void {
    if (state === 'open' || connection === undefined || connection !== this.#connection) return;
    this.#connection = undefined;
    clearTimeout(this.#timer);
    const isUnused = this.#options.isUnused() && connection.activeStreams === 0;
    if (!this.#isLeaving && performance.now() - this.#connectedAtMs < STABLE_MS) {
      this.#setConnected(false);
      this.#backOff();
    } else if (isUnused) {
      this.#state = 'idle';
      this.#attempt = 0;
    } else {
      this.#setConnected(state === 'draining');
      this.#attempt = 0;
      // In another turn: we are in the middle of what the old connection does.
      this.#wait(0);
    }
  }

  #fail(message: string): void {
    if (this.#state !== 'connecting') return;
    this.#setConnected(false);
    this.#options.outage.failed(message);
    this.#backOff();
  }

  #backOff(): void {
    const { backoff, random } = this.#options;
    this.#wait(backoffDelayMs(backoff, this.#attempt, random) * (1 - MAX_SPREAD * random()));
    this.#attempt++;
  }

  #wait(delayMs: number): void {
    this.#state = 'waiting';
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#connect(), delayMs);
  }

  #scheduleLook(): void {
    const untilMs = this.#resolution?.untilMs ?? Infinity;
    if (untilMs === Infinity) return;
    clearTimeout(this.#timer);
    // A timer may ring a moment early; an answer that ran out while we connected is due at once.
    const restMs = Math.max(0, untilMs - performance.now()) + 1;
    const delayMs = this.#isStale ? STALE_LOOK_MS : Math.min(restMs, MAX_LOOK_MS);
    this.#timer = setTimeout(() => void this.#look(), delayMs);
  }

  /** Leaves an address that is no longer one of the service, and a connection that nobody uses. */
  async #look(): Promise<void> {
    const connection = this.#connection;
    if (this.#state !== 'ready' || connection === undefined) return;
    if (this.#options.isUnused() && connection.activeStreams === 0) {
      this.#leave(connection);
      return;
    }
    const { addresses } = await this.#resolve();
    if (connection !== this.#connection) return;
    if (addresses.every((address) => formatAddress(address) !== this.#peer)) this.#leave(connection);
    else this.#scheduleLook();
  }

  #leave(connection: H2ClientConnection): void {
    this.#isLeaving = true;
    connection.shutdown();
    this.#isLeaving = false;
  }
}

/** After a DNS that did not answer. */
const STALE_LOOK_MS = 5000;
const MAX_LOOK_MS = 3_600_000;

/** A copy in random order: proxies spread over the instances of a service. */
function shuffle<T>(items: readonly T[], random: Random): T[] {
  return items
    .map((item) => ({ item, order: random() }))
    .sort((a, b) => a.order - b.order)
    .map(({ item }) => item);
}
