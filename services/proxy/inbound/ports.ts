import type { Millis } from '#lib/base';
import type { InboundDiscovery, Watch } from '../control/discovery-api.ts';
import type { ServerPolicy } from './server-policy.ts';

/** One port of this pod and the policy in force on it. */
export class InboundPort {
  readonly port: number;
  policy: ServerPolicy;
  connections = 0;
  readonly #listeners = new Set<() => void>();

  constructor(port: number, initial: ServerPolicy) {
    this.port = port;
    this.policy = initial;
  }

  set(policy: ServerPolicy): void {
    this.policy = policy;
    for (const listener of this.#listeners) listener();
  }

  /** Calls `listener` after every change; returns what ends that. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

export interface PortsOptions {
  readonly discovery: InboundDiscovery;
  /** Ports watched from the start and for ever. */
  readonly eager: readonly number[];
  readonly idleTimeoutMs: Millis;
  /** False while the policy service cannot be reached: what is known of a port is kept then (design D11). */
  isConnected(): boolean;
  initialPolicy(port: number): ServerPolicy;
}

/** The ports of this pod; one that nobody connects to is forgotten after the discovery idle timeout. */
export class Ports {
  readonly #options: PortsOptions;
  readonly #ports = new Map<number, { port: InboundPort; watch: Watch }>();
  readonly #idle = new Map<number, NodeJS.Timeout>();
  readonly #eager: ReadonlySet<number>;

  constructor(options: PortsOptions) {
    this.#options = options;
    this.#eager = new Set(options.eager);
    for (const port of this.#eager) this.#open(port);
  }

  #open(number: number): InboundPort {
    const port = new InboundPort(number, this.#options.initialPolicy(number));
    const watch = this.#options.discovery.watchServer(number, (policy) => port.set(policy));
    this.#ports.set(number, { port, watch });
    return port;
  }

  /** The port, counted as in use until `release`. */
  acquire(number: number): InboundPort {
    clearTimeout(this.#idle.get(number));
    this.#idle.delete(number);
    const port = this.#ports.get(number)?.port ?? this.#open(number);
    port.connections++;
    return port;
  }

  release(port: InboundPort): void {
    port.connections--;
    if (port.connections > 0 || this.#eager.has(port.port)) return;
    this.#forgetLater(port.port);
  }

  #forgetLater(number: number): void {
    const timer = setTimeout(() => this.#tryToForget(number), this.#options.idleTimeoutMs);
    timer.unref();
    this.#idle.set(number, timer);
  }

  /** Asked anew in vain, it would fall back to the default policy, which may admit more than the one it had. */
  #tryToForget(number: number): void {
    this.#idle.delete(number);
    if (!this.#options.isConnected()) {
      this.#forgetLater(number);
      return;
    }
    this.#ports.get(number)?.watch.close();
    this.#ports.delete(number);
  }
}
