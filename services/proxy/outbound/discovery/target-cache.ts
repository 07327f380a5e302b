import type { OutboundDiscovery } from '../../control/discovery-api.ts';
import { formatAddress, type SocketAddress } from '../../transport/address.ts';
import type { BalancerCache } from '../balancer-cache.ts';
import type { OutboundContext } from '../dispatch-context.ts';
import { Target, type TargetRouting } from './target.ts';

/** The destinations in use; one that no connection uses is forgotten after the discovery idle timeout. */
export class TargetCache {
  readonly #context: OutboundContext;
  readonly #discovery: OutboundDiscovery;
  readonly #balancers: BalancerCache;
  readonly #routing: TargetRouting;
  readonly #targets = new Map<string, Target>();
  readonly #idle = new Map<string, NodeJS.Timeout>();

  constructor(
    context: OutboundContext,
    discovery: OutboundDiscovery,
    { balancers, routing = 'policy' }: { balancers: BalancerCache; routing?: TargetRouting },
  ) {
    this.#context = context;
    this.#discovery = discovery;
    this.#balancers = balancers;
    this.#routing = routing;
  }

  /** The target of an address, counted as in use until `release`. */
  acquire(address: SocketAddress): Target {
    const key = formatAddress(address);
    clearTimeout(this.#idle.get(key));
    this.#idle.delete(key);
    let target = this.#targets.get(key);
    if (target === undefined) {
      target = new Target({
        address,
        discovery: this.#discovery,
        balancers: this.#balancers,
        context: this.#context,
        routing: this.#routing,
      });
      this.#targets.set(key, target);
    }
    target.connections++;
    return target;
  }

  release(target: Target): void {
    target.connections--;
    if (target.connections === 0) this.#expireLater(formatAddress(target.address), target);
  }

  #expireLater(key: string, target: Target): void {
    const timer = setTimeout(() => this.#expire(key, target), this.#context.config.discoveryIdleTimeoutMs);
    timer.unref();
    this.#idle.set(key, timer);
  }

  /** While the control plane is away what is known is kept: asking again would find nobody (design D11). */
  #expire(key: string, target: Target): void {
    this.#idle.delete(key);
    if (!this.#discovery.isConnected() && this.#targets.size <= MAX_KEPT_WHILE_AWAY) {
      this.#expireLater(key, target);
      return;
    }
    this.#targets.delete(key);
    target.close();
  }
}

/** Targets kept past their idle time while the control plane is away. */
const MAX_KEPT_WHILE_AWAY = 10_000;
