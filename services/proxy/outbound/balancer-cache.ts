import type { Labels } from '#lib/telemetry';
import type { OutboundDiscovery } from '../control/discovery-api.ts';
import { BalancerSeries } from '../metrics/balancer-series.ts';
import { backendLabels, parentLabels } from '../metrics/labels.ts';
import type { PolicyMeta } from '../policy/metadata.ts';
import { formatAddress } from '../transport/address.ts';
import { type BalancedEndpoint, Balancer, type BalancerContext } from './balance/balancer.ts';
import type { Backend, LoadConfig } from './client-policy.ts';
import type { OutboundContext } from './dispatch-context.ts';
import { HttpEndpoint } from './http-endpoint.ts';
import { TcpEndpoint } from './tcp-endpoint.ts';

export interface Lease<E extends BalancedEndpoint> {
  readonly balancer: Balancer<E>;
  release(): void;
}
export type HttpLease = Lease<HttpEndpoint>;
export type TcpLease = Lease<TcpEndpoint>;

interface BackendKey {
  readonly backend: Backend;
  readonly parent: PolicyMeta;
}

interface Entry<E extends BalancedEndpoint> {
  readonly balancer: Balancer<E>;
  readonly close: () => void;
  leases: number;
}

const FORWARD_LOAD: LoadConfig = { defaultRttMs: 30, decayMs: 10_000 };

/** The balancers in use, shared by what goes the same way: parent, backend, path or address, and version. */
export class BalancerCache {
  readonly #context: OutboundContext;
  readonly #discovery: OutboundDiscovery;
  readonly #http = new Map<string, Entry<HttpEndpoint>>();
  readonly #tcp = new Map<string, Entry<TcpEndpoint>>();

  constructor(context: OutboundContext, discovery: OutboundDiscovery) {
    this.#context = context;
    this.#discovery = discovery;
  }

  leaseHttp(options: BackendKey & { readonly version: 'http1' | 'http2' }): HttpLease {
    const { families, config } = this.#context;
    const { version, backend } = options;
    const authority = backend.dispatcher.kind === 'balancer' ? backend.dispatcher.path : '';
    return this.#lease(this.#http, `${version} ${keyOf(options)}`, () =>
      this.#open(
        options,
        { config, series: new BalancerSeries(families.httpBalancer, labelsOf(options)) },
        (endpoint, onReadiness) =>
          new HttpEndpoint({
            endpoint,
            version,
            authority,
            load: loadOf(backend),
            context: this.#context,
            onReadiness,
          }),
      ),
    );
  }

  leaseTcp(options: BackendKey & { readonly logical: string }): TcpLease {
    const { families, config } = this.#context;
    const queue = {
      queueCapacity: config.tcpQueueCapacity,
      failfastTimeoutMs: config.tcpFailfastTimeoutMs,
      backoff: config.backoff,
    };
    const { backend } = options;
    const path = backend.dispatcher.kind === 'balancer' ? backend.dispatcher.path : '';
    const labels = {
      ...labelsOf(options),
      logical: options.logical,
      concrete: path === '' ? options.logical : path,
    };
    return this.#lease(this.#tcp, keyOf(options), () =>
      this.#open(
        options,
        { config: queue, series: new BalancerSeries(families.tcpBalancer, labels) },
        (endpoint, onReadiness) =>
          new TcpEndpoint({
            endpoint,
            authority: path,
            load: loadOf(backend),
            context: this.#context,
            onReadiness,
          }),
      ),
    );
  }

  #lease<E extends BalancedEndpoint>(
    map: Map<string, Entry<E>>,
    key: string,
    open: () => Omit<Entry<E>, 'leases'>,
  ): Lease<E> {
    let entry = map.get(key);
    if (entry === undefined) {
      entry = { ...open(), leases: 0 };
      map.set(key, entry);
    }
    const held = entry;
    held.leases++;
    let released = false;
    const release = () => {
      if (released) return;
      released = true;
      held.leases--;
      if (held.leases > 0) return;
      map.delete(key);
      held.close();
    };
    return { balancer: held.balancer, release };
  }

  #open<E extends BalancedEndpoint>(
    { backend }: BackendKey,
    { config, series }: Pick<BalancerContext<E>, 'config' | 'series'>,
    createEndpoint: BalancerContext<E>['createEndpoint'],
  ): Omit<Entry<E>, 'leases'> {
    const { clock, random } = this.#context;
    const balancer = new Balancer<E>({ config, clock, random, series, createEndpoint });
    const { dispatcher } = backend;
    if (dispatcher.kind === 'forward') balancer.update({ kind: 'reset', endpoints: [dispatcher.endpoint] });
    const watch =
      dispatcher.kind === 'balancer'
        ? this.#discovery.watchEndpoints(dispatcher.path, (update) => balancer.update(update))
        : undefined;
    return {
      balancer,
      close: () => balancer.close(() => watch?.close()),
    };
  }
}

function keyOf({ backend, parent }: BackendKey): string {
  const { dispatcher } = backend;
  const way =
    dispatcher.kind === 'balancer'
      ? `${dispatcher.path} ${dispatcher.load.defaultRttMs} ${dispatcher.load.decayMs}`
      : dispatcher.kind === 'forward'
        ? JSON.stringify([formatAddress(dispatcher.endpoint.address), dispatcher.endpoint])
        : '';
  return `${Object.values(parentLabels(parent)).join(',')} ${Object.values(backendLabels(backend.meta)).join(',')} ${way}`;
}

function labelsOf({ backend, parent }: BackendKey): Labels {
  return { ...parentLabels(parent), ...backendLabels(backend.meta) };
}

function loadOf(backend: Backend): LoadConfig {
  return backend.dispatcher.kind === 'balancer' ? backend.dispatcher.load : FORWARD_LOAD;
}
