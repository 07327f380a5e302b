import { isIP } from 'node:net';
import { backoffDelayMs } from '#lib/base';
import type { OutboundDiscovery, Watch } from '../../control/discovery-api.ts';
import { formatAddress, type SocketAddress } from '../../transport/address.ts';
import type { BalancerCache } from '../balancer-cache.ts';
import type { ClientPolicy, HttpPolicy, OpaquePolicy } from '../client-policy.ts';
import { createDefaultPolicy, createProfilePolicy, overrideBackends } from '../default-policy.ts';
import type { OutboundContext } from '../dispatch-context.ts';
import type { Profile } from '../endpoint.ts';
import { HttpRouter } from '../route/http-router.ts';
import { OpaqueRouter } from '../route/opaque-router.ts';

/** What the accept loop does with a connection to a target. */
export type TargetProtocol = 'detect' | 'http1' | 'http2' | 'opaque' | 'tls';

export type TargetRouting = 'policy' | 'profile';

const UNSET = Symbol('unset');

/** So long discovery may say nothing of a new destination. Source: facts sheet proxy-wire, section 13. */
const ANSWER_MS = 30_000;

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
  readonly #profileWatch: Watch;
  #policyWatch: Watch;
  #policyRetry: NodeJS.Timeout | undefined;
  #policyAttempt = 0;
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
  /** How such a refusal counts. */
  errorKind: 'failfast' | 'unexpected' = 'unexpected';
  readonly #answerTimer: NodeJS.Timeout;
  connections = 0;

  constructor(options: TargetOptions) {
    this.#options = options;
    this.address = options.address;
    this.#answerTimer = setTimeout(() => this.#giveUpWaiting(), ANSWER_MS).unref();
    this.#profileWatch = options.discovery.watchProfile(options.address, (profile) => {
      this.#profile = profile;
      this.#rebuild();
    });
    this.#policyWatch = this.#watchPolicy();
  }

  #watchPolicy(): Watch {
    return this.#options.discovery.watchPolicy(
      this.address,
      (policy) => {
        this.#policy = policy;
        this.#rebuild();
      },
      (message) => this.#refuse(message, 'unexpected'),
    );
  }

  #refuse(message: string, kind: Target['errorKind']): void {
    this.error = message;
    this.errorKind = kind;
    this.#wake();
  }

  /** Without a profile its policy decides alone; without a policy nothing goes there until there is one. */
  #giveUpWaiting(): void {
    if (this.isKnown) return;
    if (this.#policy !== UNSET && this.#options.routing === 'policy') {
      this.#profile = undefined;
      this.#rebuild();
      return;
    }
    const where = formatAddress(this.address);
    this.#refuse(`discovery has said nothing of ${where} for ${ANSWER_MS / 1000} s`, 'failfast');
  }

  /** Calls back, perhaps at once, when it is known what to do with a connection. */
  whenKnown(callback: () => void): void {
    if (this.isKnown) callback();
    else this.#waiting.push(callback);
  }

  /** Those who wait to be called back. */
  get waitingCount(): number {
    return this.#waiting.length;
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
    if (this.#policy !== undefined) this.#policyAttempt = 0;
    else if (this.#isService) this.#askPolicyAgain();
  }

  /** A Service so new that the policy service did not know it yet. */
  #askPolicyAgain(): void {
    if (this.#policyRetry !== undefined || this.#options.routing === 'profile') return;
    const { config, random } = this.#options.context;
    const delayMs = backoffDelayMs(config.backoff, this.#policyAttempt++, random);
    this.#policyRetry = setTimeout(() => {
      this.#policyRetry = undefined;
      if (this.#policy !== undefined) return;
      this.#policyWatch.close();
      this.#policyWatch = this.#watchPolicy();
    }, delayMs);
    this.#policyRetry.unref();
  }

  #decidePolicy(profile: Profile | undefined, policy: ClientPolicy | undefined): ClientPolicy {
    if (profile === undefined) return policy ?? createDefaultPolicy(this.address, profile);
    if (this.#options.routing === 'profile') return createProfilePolicy(this.address, profile);
    if (profile.dstOverrides.length > 0) return overrideBackends(policy, profile.dstOverrides);
    if (policy !== undefined) return policy;
    const isName = isIP(this.address.host) === 0;
    return isName || this.#isService
      ? createProfilePolicy(this.address, profile)
      : createDefaultPolicy(this.address, profile);
  }

  /** Discovery knows it as a Service, whatever the policy service says. */
  get #isService(): boolean {
    const profile = this.#profile;
    return profile !== UNSET && profile !== undefined && profile.fullyQualifiedName !== '';
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
    clearTimeout(this.#answerTimer);
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
    clearTimeout(this.#policyRetry);
    clearTimeout(this.#answerTimer);
    this.#profileWatch.close();
    this.#policyWatch.close();
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
