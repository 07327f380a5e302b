import { isIP } from 'node:net';
import type { OutboundDiscovery, Watch } from '../../control/discovery-api.ts';
import { formatAddress, type SocketAddress } from '../../transport/address.ts';
import type { BalancerCache } from '../balancer-cache.ts';
import type { ClientPolicy, HttpPolicy, OpaquePolicy } from '../client-policy.ts';
import { createDefaultPolicy, createProfilePolicy } from '../default-policy.ts';
import type { OutboundContext } from '../dispatch-context.ts';
import type { Profile } from '../endpoint.ts';
import { HttpRouter } from '../route/http-router.ts';
import { OpaqueRouter } from '../route/opaque-router.ts';

/** What the accept loop does with a connection to a target. */
export type TargetProtocol = 'detect' | 'http1' | 'http2' | 'opaque' | 'tls';

export type TargetRouting = 'policy' | 'profile';

const UNSET = Symbol('unset');

export interface TargetOptions {
  readonly address: SocketAddress;
  readonly discovery: OutboundDiscovery;
  readonly balancers: BalancerCache;
  readonly context: OutboundContext;
  /** `profile`: only a profile says where to go, as gateways have it. */
  readonly routing: TargetRouting;
}

/**
 * One original destination: its profile and policy, kept up to date by watches, and the routers made of them. Open
 * connections ask it for every request, so that a new policy takes effect at once.
 */
export class Target {
  readonly address: SocketAddress;
  readonly #options: TargetOptions;
  readonly #watches: readonly Watch[];
  #profile: Profile | undefined | typeof UNSET = UNSET;
  #policy: ClientPolicy | undefined | typeof UNSET = UNSET;
  readonly #waiting: (() => void)[] = [];
  #http1: HttpRouter | undefined;
  #http2: HttpRouter | undefined;
  #opaque: OpaqueRouter | undefined;
  /** The policy in force: what discovery says, or a default one. */
  policy: ClientPolicy | undefined;
  /** Why connections are refused, when they are. */
  error: string | undefined;
  connections = 0;

  constructor(options: TargetOptions) {
    this.#options = options;
    this.address = options.address;
    this.#watches = [
      options.discovery.watchProfile(options.address, (profile) => {
        this.#profile = profile;
        this.#rebuild();
      }),
      options.discovery.watchPolicy(
        options.address,
        (policy) => {
          this.#policy = policy;
          this.#rebuild();
        },
        (message) => {
          this.error = message;
          this.#wake();
        },
      ),
    ];
  }

  /** Calls back, perhaps at once, when it is known what to do with a connection. */
  whenKnown(callback: () => void): void {
    if (this.isKnown) callback();
    else this.#waiting.push(callback);
  }

  get isKnown(): boolean {
    return this.policy !== undefined || this.error !== undefined;
  }

  get protocol(): TargetProtocol {
    const profile = this.#profile;
    if (profile !== UNSET && profile?.opaque === true) return 'opaque';
    const kind = this.policy?.protocol.kind ?? 'detect';
    return kind === 'grpc' ? 'http2' : kind;
  }

  #rebuild(): void {
    if (this.#profile === UNSET || this.#policy === UNSET) return;
    const old = [this.#http1, this.#http2, this.#opaque];
    this.policy = this.#decidePolicy(this.#profile, this.#policy);
    this.error = undefined;
    const { protocol } = this.policy;
    this.#http1 = this.#routerOf(protocol.kind === 'detect' ? protocol.http1 : httpOf(this.policy), 'http1');
    this.#http2 = this.#routerOf(protocol.kind === 'detect' ? protocol.http2 : httpOf(this.policy), 'http2');
    this.#opaque = this.#opaqueRouter();
    // New routers hold their balancers before the old ones let go, so that connections are kept.
    for (const router of old) router?.close();
    this.#wake();
  }

  #decidePolicy(profile: Profile | undefined, policy: ClientPolicy | undefined): ClientPolicy {
    if (profile === undefined) return policy ?? createDefaultPolicy(this.address, profile);
    const isName = isIP(this.address.host) === 0;
    if (this.#options.routing === 'profile' || (policy === undefined && isName))
      return createProfilePolicy(this.address, profile);
    return policy ?? createDefaultPolicy(this.address, profile);
  }

  /** Discovery has a profile of it. */
  get hasProfile(): boolean {
    return this.#profile !== UNSET && this.#profile !== undefined;
  }

  /** Discovery knows nothing of it. */
  get isUnknown(): boolean {
    return !this.hasProfile && (this.#policy === UNSET || this.#policy === undefined);
  }

  #routerOf(policy: HttpPolicy | undefined, version: 'http1' | 'http2'): HttpRouter | undefined {
    if (policy === undefined || this.policy === undefined || this.#isOpaque) return undefined;
    const { balancers, context } = this.#options;
    const logical = formatAddress(this.address);
    return new HttpRouter({ parent: this.policy.parent, policy, version, logical, balancers, context });
  }

  get #isOpaque(): boolean {
    return this.#profile !== UNSET && this.#profile?.opaque === true;
  }

  #opaqueRouter(): OpaqueRouter | undefined {
    const protocol = this.policy?.protocol;
    if (protocol === undefined || this.policy === undefined) return undefined;
    const opaque = this.#opaquePolicy(protocol);
    if (opaque === undefined) return undefined;
    const { balancers, context } = this.#options;
    return new OpaqueRouter({
      parent: this.policy.parent,
      policy: opaque,
      address: this.address,
      balancers,
      context,
    });
  }

  #opaquePolicy(protocol: ClientPolicy['protocol']): OpaquePolicy | undefined {
    if ('opaque' in protocol) return protocol.opaque;
    // An opaque profile of a port whose policy speaks HTTP: the profile wins, to the same backends.
    return this.#isOpaque ? opaqueTwin(protocol.http) : undefined;
  }

  #wake(): void {
    for (const callback of this.#waiting.splice(0)) callback();
  }

  /** The router for requests of a version, undefined where the policy has no such protocol. */
  http(version: 'http1' | 'http2'): HttpRouter | undefined {
    return version === 'http1' ? this.#http1 : this.#http2;
  }

  get opaque(): OpaqueRouter | undefined {
    return this.#opaque;
  }

  close(): void {
    for (const watch of this.#watches) watch.close();
    for (const router of [this.#http1, this.#http2, this.#opaque]) router?.close();
  }
}

function httpOf(policy: ClientPolicy): HttpPolicy | undefined {
  const { protocol } = policy;
  return 'http' in protocol ? protocol.http : undefined;
}

function opaqueTwin(policy: HttpPolicy): OpaquePolicy {
  const route = policy.routes[0];
  const rule = route?.rules[0];
  if (route === undefined || rule === undefined) return { route: undefined };
  return { route: { meta: route.meta, verdict: 'forward', distribution: rule.distribution } };
}
