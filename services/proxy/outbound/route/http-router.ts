import { injectedFailure, noDispatcher, PROXY_ERROR, type ProxyError } from '../../errors.ts';
import { answerError } from '../../http/answer-error.ts';
import type { RequestSink, ServerResponse } from '../../http/exchange.ts';
import { isGrpcRequest } from '../../http/grpc.ts';
import type { RequestHead } from '../../http/head.ts';
import { backendLabels, outboundRouteLabels, parentLabels } from '../../metrics/labels.ts';
import { OutboundBackendSeries, OutboundRouteSeries } from '../../metrics/route-series.ts';
import { findRule } from '../../policy/match-route.ts';
import type { PolicyMeta } from '../../policy/metadata.ts';
import type { BalancerCache, HttpLease } from '../balancer-cache.ts';
import type { Backend, HttpPolicy, OutboundRoute, OutboundRule } from '../client-policy.ts';
import type { OutboundContext } from '../dispatch-context.ts';
import { OutboundExchange } from '../http-exchange.ts';
import { prepareRequest, requiredIdOf } from '../request-heads.ts';
import { type RouteBackend, RoutePlan } from './route-plan.ts';

export interface HttpRouterOptions {
  readonly parent: PolicyMeta;
  readonly policy: HttpPolicy;
  /** The version of the requests. */
  readonly version: 'http1' | 'http2';
  /** Where the app meant to go, for error texts. */
  readonly logical: string;
  readonly balancers: Pick<BalancerCache, 'leaseHttp'>;
  readonly context: OutboundContext;
}

type RuleTarget = { readonly kind: 'fail'; readonly error: ProxyError; readonly weight: number } | SendTarget;

interface SendTarget {
  readonly kind: 'send';
  readonly lease: HttpLease;
  readonly backend: Backend;
  readonly weight: number;
}

/** What every plan of a route, backend and kind has in common, but for the request itself. */
interface PlanBase {
  readonly series: OutboundRouteSeries;
  readonly backend: RouteBackend;
  readonly context: string;
}

/** Routes the requests of one destination by one policy; a new policy makes a new router. */
export class HttpRouter {
  readonly #options: HttpRouterOptions;
  readonly #targets = new Map<OutboundRule, readonly RuleTarget[]>();
  readonly #bases = new Map<SendTarget, Map<string, PlanBase>>();

  constructor(options: HttpRouterOptions) {
    this.#options = options;
    for (const route of options.policy.routes) {
      for (const rule of route.rules) this.#targets.set(rule, this.#resolveTargets(rule));
    }
  }

  #resolveTargets(rule: OutboundRule): readonly RuleTarget[] {
    if (rule.failure !== undefined) {
      const { status, message } = rule.failure;
      return [
        {
          kind: 'fail',
          error: injectedFailure(status, message),
          weight: 0,
        },
      ];
    }
    const { distribution } = rule;
    if (distribution.kind === 'empty') return [];
    if (distribution.kind === 'first-available')
      return distribution.backends.map((backend) => this.#resolve(backend, 0));
    return distribution.backends
      .filter(({ weight }) => weight > 0)
      .map(({ backend, weight }) => this.#resolve(backend, weight));
  }

  #resolve(backend: Backend, weight: number): RuleTarget {
    const { dispatcher, meta } = backend;
    if (dispatcher.kind === 'fail')
      return { kind: 'fail', error: noDispatcher(meta.kind, `${meta.namespace}/${meta.name}`), weight };
    const { balancers, version, parent } = this.#options;
    return { kind: 'send', lease: balancers.leaseHttp({ backend, version, parent }), backend, weight };
  }

  /** Sends a request on its way; errors are answered here. */
  handle(head: RequestHead, end: boolean, response: ServerResponse): RequestSink {
    const plan = head.memoOwner === this ? (head.memo as RoutePlan) : this.#plan(head);
    if (!(plan instanceof RoutePlan)) {
      const { informationalHeaders } = this.#options.context;
      return answerError(plan, {
        head,
        response,
        emit: informationalHeaders,
        counter: this.#options.context.families.outboundHttpErrors,
      });
    }
    const exchange = new OutboundExchange(this.#options.context, plan, { head, end, response });
    plan.backend.balancer.dispatch(exchange);
    return exchange;
  }

  #plan(head: RequestHead): RoutePlan | ProxyError {
    const found = findRule<OutboundRule, OutboundRoute>(this.#options.policy.routes, head);
    if (found === undefined) return PROXY_ERROR.noRouteOutbound;
    const targets = this.#targets.get(found.rule) ?? [];
    const target = this.#choose(targets);
    if (target === undefined) return PROXY_ERROR.loadShed;
    if (target.kind === 'fail') return target.error;
    const isGrpc = isGrpcRequest(head);
    const base = this.#baseOf(found.route, target, head);
    const plan = new RoutePlan({
      ...base,
      isGrpc,
      head: prepareRequest(head),
      requiredId: requiredIdOf(head),
    });
    // A weighted choice is made for each request, so that only a sole target may be remembered.
    if (head.repeated && targets.length === 1) {
      head.memoOwner = this;
      head.memo = plan;
    }
    return plan;
  }

  #choose(targets: readonly RuleTarget[]): RuleTarget | undefined {
    if (targets.length <= 1) return targets[0];
    for (const target of targets) if (target.kind === 'send') target.lease.balancer.activate();
    const ready = targets.filter((target) => target.kind === 'fail' || target.lease.balancer.readyCount > 0);
    const candidates = ready.length === 0 ? targets : ready;
    // Without weights (first-available) the order decides.
    const total = candidates.reduce((sum, { weight }) => sum + weight, 0);
    if (total === 0) return candidates[0];
    let draw = this.#options.context.random() * total;
    const chosen = candidates.find(({ weight }) => {
      draw -= weight;
      return draw < 0;
    });
    return chosen ?? candidates.at(-1);
  }

  #baseOf(route: OutboundRoute, target: SendTarget, head: RequestHead): PlanBase {
    const { context } = this.#options;
    const hostname = context.hostnameLabels ? head.authority.replace(/:\d+$/, '') : '';
    let bases = this.#bases.get(target);
    if (bases === undefined) {
      bases = new Map();
      this.#bases.set(target, bases);
    }
    let base = bases.get(hostname);
    if (base === undefined) {
      base = this.#createBase(route, target, hostname);
      bases.set(hostname, base);
    }
    return base;
  }

  #createBase(route: OutboundRoute, target: SendTarget, hostname: string): PlanBase {
    const { context, parent, logical, policy } = this.#options;
    const isGrpc = policy.isGrpc === true;
    const families = isGrpc ? context.families.outboundGrpc : context.families.outboundHttp;
    const routeLabels = { ...parentLabels(parent), ...outboundRouteLabels(route.meta) };
    const withBackend = { ...routeLabels, ...backendLabels(target.backend.meta) };
    return {
      series: new OutboundRouteSeries(families, { route: routeLabels, hostname }, isGrpc),
      backend: {
        series: new OutboundBackendSeries(families, withBackend, isGrpc),
        balancer: target.lease.balancer,
        isForward: target.backend.dispatcher.kind === 'forward',
      },
      context: `logical service ${logical}: route ${route.meta.name}: backend ${target.backend.meta.name}`,
    };
  }

  /** Gives the balancers back; requests in flight complete. */
  close(): void {
    for (const targets of this.#targets.values()) {
      for (const target of targets) if (target.kind === 'send') target.lease.release();
    }
  }
}
