import type { SecureContext } from 'node:tls';
import type { DescMessage, MessageShape } from '#lib/api';
import { type BackoffConfig, type Random, systemRandom } from '#lib/base';
import type { Logger } from '#lib/telemetry';
import type { ControlAddress, DirectionConfig, DnsConfig } from '../config.ts';
import type { H2ClientConnection } from '../http/h2/client-connection.ts';
import type { Families } from '../metrics/families.ts';
import { type CallSeries, createCallSeries } from './call-series.ts';
import { CallQueue, type WaitingCall } from './connection/call-queue.ts';
import { ConnectionKeeper } from './connection/connection-keeper.ts';
import { Outage, type Problem } from './connection/outage.ts';
import { type AddressResolver, boundTtl, createResolver } from './connection/resolver.ts';
import type { GrpcOutcome } from './grpc-outcome.ts';
import { GRPC_STATUS } from './grpc-status.ts';
import { type GrpcMethod, openGrpcStream } from './grpc-stream.ts';

export interface CallHandlers<Message> {
  /** The call goes out on a connection; until then it waits for one. */
  onStarted?(): void;
  onMessage(message: Message): void;
  /** Once, and last. */
  onEnd(end: GrpcOutcome): void;
}

export interface ChannelOptions {
  /** The `client` of metrics: `destination`, `policy`, `identity`. */
  readonly client: string;
  readonly address: ControlAddress;
  /** Loopback services are connected to as inbound ones are, others as outbound ones. */
  readonly inbound: Pick<DirectionConfig, 'connect' | 'backoff'>;
  readonly outbound: Pick<DirectionConfig, 'connect' | 'backoff'>;
  readonly currentContext: () => SecureContext | undefined;
  readonly families: Families;
  readonly log: Logger;
  /** Bounds of what the DNS says. */
  readonly dns?: DnsConfig;
  /** Told when `isConnected` changes. */
  readonly onReachability?: (isConnected: boolean) => void;
  /** Replaced in tests. */
  readonly resolver?: AddressResolver;
  readonly random?: Random;
}

/**
 * When the control plane is back, all is up to date after no more than this. (Upstream, which has the minute here that
 * is configured for endpoints, hears of new addresses from the DNS besides.)
 */
const MAX_BACKOFF_MS = 10_000;

/** One logical gRPC connection to a control-plane service: calls wait for it, and it comes back by itself. */
export class ControlChannel {
  readonly client: string;
  readonly isLoopback: boolean;
  readonly backoff: BackoffConfig;
  readonly #authority: string;
  readonly #series: CallSeries;
  readonly #queue = new CallQueue<H2ClientConnection>();
  readonly #keeper: ConnectionKeeper;
  readonly #outage: Outage;
  readonly #reachableListeners = new Set<() => void>();
  #isClosed = false;

  constructor(options: ChannelOptions) {
    const { address, client, families } = options;
    this.client = client;
    this.isLoopback = address.identity === undefined;
    const direction = this.isLoopback ? options.inbound : options.outbound;
    const { minMs, maxMs, jitter } = direction.backoff;
    this.backoff = { minMs, maxMs: Math.min(maxMs, Math.max(minMs, MAX_BACKOFF_MS)), jitter };
    this.#authority = formatAuthority(address);
    this.#series = createCallSeries(families, address);
    this.#outage = new Outage({
      log: options.log,
      text: { failed: 'Failed to connect', over: 'Connected again' },
      fields: { service: client, addr: this.#authority },
    });
    this.#keeper = new ConnectionKeeper({
      address,
      connect: direction.connect,
      backoff: this.backoff,
      resolver: createBoundResolver(options),
      currentContext: options.currentContext,
      random: options.random ?? systemRandom,
      outage: this.#outage,
      onReachability: options.onReachability,
      onConnected: (connection) => {
        this.#queue.release(connection);
        for (const listener of this.#reachableListeners) listener();
      },
      isUnused: () => this.#queue.size === 0,
    });
  }

  /** False while the service cannot be reached. */
  get isConnected(): boolean {
    return this.#keeper.isConnected;
  }

  /** Why the service cannot be reached, where the last attempt failed. */
  get problem(): Problem | undefined {
    return this.#outage.problem;
  }

  /** Calls back whenever a connection has been made; returns what stops that. */
  onReachable(listener: () => void): () => void {
    this.#reachableListeners.add(listener);
    return () => this.#reachableListeners.delete(listener);
  }

  /** Returns what cancels the call; no handler is called after that. */
  call<I extends DescMessage, O extends DescMessage>(
    method: GrpcMethod<I, O>,
    request: MessageShape<I>,
    handlers: CallHandlers<MessageShape<O>>,
  ): () => void {
    let cancelStarted: (() => void) | undefined;
    const waiting: WaitingCall<H2ClientConnection> = {
      refuse: (message) => handlers.onEnd({ code: GRPC_STATUS.unavailable, message }),
      start: (connection) => {
        handlers.onStarted?.();
        const finish = this.#series.begin();
        const stream = openGrpcStream(connection, {
          method,
          request,
          authority: this.#authority,
          onMessage: (message) => handlers.onMessage(message),
          onEnd: (end) => {
            // Nothing was heard of the server where the connection is lost.
            finish({ code: end.code, isHeard: end.code !== GRPC_STATUS.unavailable });
            handlers.onEnd(end);
          },
        });
        cancelStarted = () => stream.cancel();
      },
    };
    const { connection } = this.#keeper;
    if (this.#isClosed) waiting.refuse('the channel is closed');
    else if (connection !== undefined) waiting.start(connection);
    else {
      this.#queue.add(waiting);
      this.#keeper.wake();
    }
    return () => {
      if (cancelStarted === undefined) this.#queue.remove(waiting);
      else cancelStarted();
    };
  }

  close(): void {
    this.#isClosed = true;
    this.#keeper.close();
    this.#queue.refuseAll('the channel is closed');
  }
}

function createBoundResolver({ client, families, resolver, dns }: ChannelOptions): AddressResolver {
  const found = resolver ?? createResolver(client, families);
  return dns === undefined ? found : boundTtl(found, dns);
}

/** `host:port`, as it is configured. */
function formatAuthority({ host, port }: ControlAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
