import type { Suffixes } from '../config.ts';
import type { InboundConnection } from '../inbound/http-handler.ts';
import { admitTcp } from '../inbound/tcp-gate.ts';
import type { Target } from '../outbound/discovery/target.ts';
import type { TargetCache } from '../outbound/discovery/target-cache.ts';
import type { OutboundContext } from '../outbound/dispatch-context.ts';
import { formatAddress, type SocketAddress } from '../transport/address.ts';
import type { Wire } from '../transport/wire.ts';
import { GatewayClient } from './gateway-client.ts';

export interface GatewayOptions {
  /** Targets that only a profile leads to. */
  readonly targets: Pick<TargetCache, 'acquire' | 'release'>;
  readonly context: OutboundContext;
  readonly suffixes: Suffixes;
  /** What this proxy proves to be. */
  readonly localName: string;
}

/** Passes what peers' proxies send for names on to where they lead. Source: facts sheet proxy-wire, section 5. */
export class Gateway {
  readonly #options: GatewayOptions;

  constructor(options: GatewayOptions) {
    this.#options = options;
  }

  #acquire(wire: Wire, name: SocketAddress): Target | undefined {
    const { suffixes, targets } = this.#options;
    if (!suffixes.hasName(name.host)) return undefined;
    const target = targets.acquire(name);
    wire.socket.once('close', () => targets.release(target));
    return target;
  }

  /** The connection to serve in place of one to the app. */
  connectHttp(wire: Wire, connection: InboundConnection, name: SocketAddress): InboundConnection {
    const { context, localName } = this.#options;
    const target = this.#acquire(wire, name);
    return { ...connection, app: new GatewayClient({ target, name, context, localName, connection }) };
  }

  /** Forwards a connection whose protocol is not looked into. */
  forward(
    wire: Wire,
    of: { bytes: Buffer | undefined; connection: InboundConnection; name: SocketAddress },
  ): void {
    const { bytes, connection, name } = of;
    if (!admitTcp(connection, wire)) return;
    const target = this.#acquire(wire, name);
    if (target === undefined) {
      this.#refuse(wire, connection, name);
      return;
    }
    wire.pause();
    target.whenKnown(() => {
      if (wire.closed) return;
      const { opaque } = target;
      if (!target.hasProfile || opaque === undefined) {
        this.#refuse(wire, connection, name);
        return;
      }
      wire.resume();
      opaque.forward(wire, bytes);
    });
  }

  #refuse(wire: Wire, { clientAddress, context }: InboundConnection, name: SocketAddress): void {
    context.log.warn('Connection closed', {
      'client.addr': formatAddress(clientAddress),
      error: `bad gateway domain: ${formatAddress(name)}`,
    });
    wire.endAndClose();
  }
}
