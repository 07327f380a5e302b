import { formatAddress, type SocketAddress } from '../transport/address.ts';
import { AppClient } from './app-client.ts';
import type { InboundContext } from './inbound-context.ts';

/** The ports of the app that have been asked for. A pod has few addresses, so that none is ever forgotten. */
export class AppClients {
  readonly #context: InboundContext;
  readonly #clients = new Map<string, AppClient>();

  constructor(context: InboundContext) {
    this.#context = context;
  }

  get(address: SocketAddress): AppClient {
    const key = formatAddress(address);
    let client = this.#clients.get(key);
    if (client === undefined) {
      client = new AppClient(address, this.#context);
      this.#clients.set(key, client);
    }
    return client;
  }

  close(): void {
    for (const client of this.#clients.values()) client.close();
  }
}
