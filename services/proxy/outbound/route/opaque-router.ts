import { outboundRouteLabels, parentLabels, targetLabels } from '../../metrics/labels.ts';
import type { PolicyMeta } from '../../policy/metadata.ts';
import { forwardTcp } from '../../tcp/forward.ts';
import { formatAddress, type SocketAddress } from '../../transport/address.ts';
import { IGNORE } from '../../transport/adopt-socket.ts';
import type { Wire } from '../../transport/wire.ts';
import type { Balancer, Waiting } from '../balance/balancer.ts';
import type { BalancerCache, TcpLease } from '../balancer-cache.ts';
import type { Backend, OpaquePolicy, OpaqueRoute } from '../client-policy.ts';
import type { OutboundContext } from '../dispatch-context.ts';
import type { TcpEndpoint } from '../tcp-endpoint.ts';

export interface OpaqueRouterOptions {
  readonly parent: PolicyMeta;
  readonly policy: OpaquePolicy;
  readonly address: SocketAddress;
  readonly balancers: Pick<BalancerCache, 'leaseTcp'>;
  readonly context: OutboundContext;
}

interface WeightedLease {
  readonly lease: TcpLease;
  readonly weight: number;
}

/** Why a connection came to nothing, in the words of outbound_tcp_errors_total. */
type TcpError = 'failfast' | 'loadshed' | 'i/o';

type CloseError = '' | 'forbidden' | 'invalid_backend' | 'invalid_policy' | 'unexpected';

/** Forwards connections whose protocol is not looked into. */
export class OpaqueRouter {
  readonly #options: OpaqueRouterOptions;
  readonly #leases: readonly WeightedLease[];

  constructor(options: OpaqueRouterOptions) {
    this.#options = options;
    this.#leases = backendsOf(options.policy.route)
      .filter(({ backend }) => backend.dispatcher.kind !== 'fail')
      .map(({ backend, weight }) => ({ lease: this.#lease(backend), weight }));
  }

  #lease(backend: Backend): TcpLease {
    const { balancers, parent, address } = this.#options;
    return balancers.leaseTcp({ backend, parent, logical: formatAddress(address) });
  }

  /** Takes a connection; what has been read of it goes first. */
  forward(wire: Wire, bytes: Buffer | undefined): void {
    const { route } = this.#options.policy;
    if (route === undefined || route.verdict !== 'forward') {
      this.#refuse(wire, route);
      return;
    }
    const chosen = this.#choose();
    if (chosen === undefined) {
      this.#close(wire, route, 'invalid_backend');
      return;
    }
    const { balancer } = chosen.lease;
    const count = (event: 'open' | CloseError) => this.#count(route, event);
    const countError = (error: TcpError) => this.#countError(error);
    balancer.dispatch(new OpaqueConnection(wire, bytes, { balancer, count, countError }));
  }

  /** By weight among those that have an endpoint; without weights the first of them. */
  #choose(): WeightedLease | undefined {
    if (this.#leases.length <= 1) return this.#leases[0];
    for (const { lease } of this.#leases) lease.balancer.activate();
    const ready = this.#leases.filter(({ lease }) => lease.balancer.readyCount > 0);
    const candidates = ready.length === 0 ? this.#leases : ready;
    const total = candidates.reduce((sum, { weight }) => sum + weight, 0);
    let draw = this.#options.context.random() * total;
    return (
      candidates.find(({ weight }) => {
        draw -= weight;
        return draw < 0;
      }) ?? candidates[0]
    );
  }

  #refuse(wire: Wire, route: OpaqueRoute | undefined): void {
    if (route === undefined) {
      wire.reset();
      return;
    }
    this.#close(wire, route, route.verdict === 'forbidden' ? 'forbidden' : 'invalid_policy');
  }

  #close(wire: Wire, route: OpaqueRoute, error: CloseError): void {
    wire.endAndClose();
    this.#count(route, 'open');
    this.#count(route, error);
  }

  #count(route: OpaqueRoute, event: 'open' | CloseError): void {
    const { context, parent, address } = this.#options;
    const labels = {
      ...parentLabels(parent),
      ...outboundRouteLabels(route.meta),
      target_ip: address.host,
      target_port: String(address.port),
    };
    if (event === 'open') context.families.tcpRouteOpen.with(labels).inc();
    else context.families.tcpRouteClose.with({ ...labels, error: event }).inc();
  }

  #countError(error: TcpError): void {
    const { context, address } = this.#options;
    context.families.outboundTcpErrors.with({ error, ...targetLabels(address) }).inc();
  }

  close(): void {
    for (const { lease } of this.#leases) lease.release();
  }
}

function backendsOf(
  route: OpaqueRoute | undefined,
): readonly { readonly backend: Backend; readonly weight: number }[] {
  if (route === undefined || route.distribution.kind === 'empty') return [];
  if (route.distribution.kind === 'random-available')
    return route.distribution.backends.filter(({ weight }) => weight > 0);
  return route.distribution.backends.map((backend) => ({ backend, weight: 0 }));
}

/** How often a connection is tried elsewhere when an endpoint refuses it. */
const MAX_ATTEMPTS = 3;

/** An opaque connection that waits for an endpoint, then is forwarded to it; counted once as opened and as closed. */
class OpaqueConnection implements Waiting<TcpEndpoint> {
  readonly #wire: Wire;
  readonly #bytes: Buffer | undefined;
  readonly #balancer: Balancer<TcpEndpoint>;
  readonly #count: (event: 'open' | CloseError) => void;
  readonly #countError: (error: TcpError) => void;
  #attempts = 0;

  constructor(
    wire: Wire,
    bytes: Buffer | undefined,
    route: {
      readonly balancer: Balancer<TcpEndpoint>;
      count(event: 'open' | CloseError): void;
      countError(error: TcpError): void;
    },
  ) {
    this.#wire = wire;
    this.#bytes = bytes;
    this.#balancer = route.balancer;
    this.#count = route.count;
    this.#countError = route.countError;
    this.#count('open');
    wire.pause();
    // Whoever decided about the connection so far hears nothing of its end any more.
    wire.receiver = { ...IGNORE, onClosed: () => this.#count('') };
  }

  get isCancelled(): boolean {
    return this.#wire.closed;
  }

  dispatch(endpoint: TcpEndpoint): void {
    this.#attempts++;
    endpoint.connect(
      (upstream) => this.#start(upstream),
      () => this.#tryElsewhere(endpoint),
    );
  }

  /** Nothing has been sent yet, so that any other endpoint will do. */
  #tryElsewhere(failed: TcpEndpoint): void {
    if (this.isCancelled) return;
    if (this.#attempts < MAX_ATTEMPTS && this.#balancer.isReadyBeside(failed)) this.#balancer.dispatch(this);
    else this.#fail('i/o');
  }

  #start(upstream: Wire): void {
    if (this.#wire.closed) {
      upstream.reset();
      return;
    }
    if (this.#bytes !== undefined) upstream.writeBytes(this.#bytes);
    forwardTcp(this.#wire, upstream, (error) => this.#count(error === undefined ? '' : 'unexpected'));
  }

  failFast(): void {
    this.#fail('failfast');
  }

  shed(): void {
    this.#fail('loadshed');
  }

  #fail(error: TcpError): void {
    this.#wire.receiver = IGNORE;
    this.#wire.reset();
    this.#countError(error);
    this.#count('unexpected');
  }
}
