import type { Wire } from '../transport/wire.ts';

/** A server codec that can be told to finish. */
export interface Drainable {
  /** Completes what is in flight, tells the client, takes nothing new, closes. */
  shutdown(): void;
}

/** The HTTP connections being served, to be drained at shutdown. */
export class ServerConnections {
  readonly #open = new Set<Drainable>();

  add(connection: Drainable, wire: Wire): void {
    this.#open.add(connection);
    wire.socket.once('close', () => this.#open.delete(connection));
  }

  get size(): number {
    return this.#open.size;
  }

  shutdown(): void {
    for (const connection of this.#open) connection.shutdown();
  }
}
