import { HEADER } from '../contract.ts';
import { PROXY_ERROR, type ProxyError, withContext } from '../errors.ts';
import type { AccessLog } from '../http/access-log/access-log.ts';
import { answerError } from '../http/answer-error.ts';
import type { RequestHandler, RequestSink, ServerResponse } from '../http/exchange.ts';
import { Field } from '../http/field.ts';
import { isGrpcRequest } from '../http/grpc.ts';
import type { RequestHead } from '../http/head.ts';
import type { InFlight } from '../http/in-flight.ts';
import { HttpSeries } from '../metrics/http-series.ts';
import {
  type AcceptTls,
  acceptTlsLabels,
  authzLabels,
  inboundRouteLabels,
  serverLabels,
  targetLabels,
} from '../metrics/labels.ts';
import { InboundRouteSeries } from '../metrics/route-series.ts';
import { findRule } from '../policy/match-route.ts';
import { defaultMeta } from '../policy/metadata.ts';
import { formatAddress, type SocketAddress } from '../transport/address.ts';
import type { AppClient } from './app-client.ts';
import { authorize, type ClientInfo } from './authorize.ts';
import { InboundExchange, type InboundPlan, type InboundScope, type InboundSeries } from './http-exchange.ts';
import type { InboundContext } from './inbound-context.ts';
import type { InboundPort } from './ports.ts';
import { isUpgraded, prepareForApp } from './request-heads.ts';
import type { InboundRoute, InboundRule, ServerPolicy } from './server-policy.ts';

/** The route where the policy has none: everything, by the server's authorizations. */
const DEFAULT_ROUTE: InboundRoute = {
  meta: defaultMeta('default'),
  hosts: [],
  authorizations: [],
  rules: [{ matches: [], filters: [] }],
};

export interface InboundConnection {
  readonly client: ClientInfo;
  readonly clientAddress: SocketAddress;
  readonly tls: AcceptTls;
  readonly target: SocketAddress;
  readonly port: InboundPort;
  readonly app: Pick<AppClient, 'request' | 'connect'> & Partial<Pick<AppClient, 'isFull'>>;
  readonly context: InboundContext;
}

/** Decides and passes on the requests of one connection by the policy its port has now. */
export class InboundHandler implements RequestHandler, InboundScope {
  readonly app: InboundConnection['app'];
  readonly emitsErrors: boolean;
  readonly errorContext: string;
  readonly inFlight: InFlight;
  readonly #connection: InboundConnection;
  readonly #clientId: Field | undefined;
  readonly #accessLog: AccessLog | undefined;
  #policy: ServerPolicy | undefined;
  #routes: readonly InboundRoute[] = [];
  /** Undefined for a route that refuses this client. */
  #series = new Map<InboundRoute, InboundSeries | undefined>();
  /** Marks what was decided under the policy in force: another one makes another marker. */
  #epoch = {};

  constructor(connection: InboundConnection) {
    this.#connection = connection;
    this.#accessLog = connection.context.accessLog;
    this.app = connection.app;
    this.inFlight = connection.context.inFlight;
    this.emitsErrors = connection.client.identity !== undefined;
    this.errorContext = `client ${formatAddress(connection.clientAddress)}: server: endpoint ${formatAddress(connection.target)}`;
    const { identity } = connection.client;
    this.#clientId = identity === undefined ? undefined : new Field(HEADER.clientId, identity);
    if (this.#clientId !== undefined) this.#clientId.sightings = 1;
  }

  handleRequest(head: RequestHead, end: boolean, response: ServerResponse): RequestSink {
    if (this.#accessLog === undefined) return this.#handle(head, end, response);
    const client = {
      address: formatAddress(this.#connection.clientAddress),
      id: this.#connection.client.identity ?? '-',
    };
    return this.#accessLog.follow(client, { head, end, response }, (...request) => this.#handle(...request));
  }

  #handle(head: RequestHead, end: boolean, response: ServerResponse): RequestSink {
    const { policy } = this.#connection.port;
    if (policy !== this.#policy) this.#adopt(policy);
    if (this.inFlight.isFull || this.app.isFull === true) return this.#shed(head, response);
    const plan = head.memoOwner === this.#epoch ? (head.memo as InboundPlan) : this.#plan(head, response);
    if ('handled' in plan) return plan.handled;
    return new InboundExchange(plan, end, response);
  }

  #shed(head: RequestHead, response: ServerResponse): RequestSink {
    const client = formatAddress(this.#connection.clientAddress);
    return this.#fail(withContext(PROXY_ERROR.loadShed, `client ${client}: server`), head, response).handled;
  }

  #adopt(policy: ServerPolicy): void {
    this.#policy = policy;
    this.#epoch = {};
    this.#series = new Map();
    const { protocol } = policy;
    const routes = 'routes' in protocol ? protocol.routes : [];
    this.#routes = routes.length === 0 ? [DEFAULT_ROUTE] : routes;
  }

  #plan(head: RequestHead, response: ServerResponse): InboundPlan | { readonly handled: RequestSink } {
    const policy = this.#policy!;
    // An opaque port was not meant to speak HTTP: nothing can be authorized by request.
    if (policy.protocol.kind === 'opaque' || policy.protocol.kind === 'tls')
      return this.#deny(head, response, DEFAULT_ROUTE);
    const found = findRule<InboundRule, InboundRoute>(this.#routes, head);
    if (found === undefined) return this.#notFound(head, response);
    const series = this.#seriesOf(found.route, policy, head);
    if (series === undefined) return this.#deny(head, response, found.route);
    if (found.rule.filters.length > 0) return this.#fail(PROXY_ERROR.invalidServerPolicy, head, response);
    const upgraded = isUpgraded(head);
    const plan: InboundPlan = {
      scope: this,
      series,
      head: prepareForApp(head, this.#clientId),
      isGrpc: !upgraded && isGrpcRequest(head),
      isUpgraded: upgraded,
    };
    if (head.repeated) {
      head.memoOwner = this.#epoch;
      head.memo = plan;
    }
    return plan;
  }

  #serverLabels() {
    return serverLabels(this.#policy!.meta, this.#connection.target.port);
  }

  #seriesOf(route: InboundRoute, policy: ServerPolicy, head: RequestHead): InboundSeries | undefined {
    // Clients make up authorities as they like: none is kept for the connection.
    if (this.#connection.context.authorityLabels) return this.#resolve(route, policy, head.authority);
    if (!this.#series.has(route)) this.#series.set(route, this.#resolve(route, policy));
    return this.#series.get(route);
  }

  #resolve(route: InboundRoute, policy: ServerPolicy, authority?: string): InboundSeries | undefined {
    const { context, client, target, tls } = this.#connection;
    const verdict = authorize([...route.authorizations, ...policy.authorizations], client);
    if (verdict === undefined) return undefined;
    const { families } = context;
    const parent = {
      parent_group: policy.meta.group,
      parent_kind: policy.meta.kind,
      parent_name: policy.meta.name,
      parent_port: String(target.port),
      ...inboundRouteLabels(route.meta),
    };
    const server = { ...this.#serverLabels(), ...inboundRouteLabels(route.meta), ...authzLabels(verdict) };
    const isGrpc = policy.protocol.kind === 'grpc';
    return {
      http: new HttpSeries(families, {
        direction: 'inbound',
        ...(authority === undefined ? {} : { authority }),
        ...targetLabels(target),
        ...acceptTlsLabels(tls),
        ...server,
      }),
      route: new InboundRouteSeries(isGrpc ? families.inboundGrpc : families.inboundHttp, parent, isGrpc),
      allowed: families.inboundHttpAllow.with({
        ...targetLabels(target),
        ...server,
        ...acceptTlsLabels(tls),
      }),
    };
  }

  #deny(head: RequestHead, response: ServerResponse, route: InboundRoute) {
    const { context, target, tls, clientAddress } = this.#connection;
    const labels = {
      ...targetLabels(target),
      ...this.#serverLabels(),
      ...inboundRouteLabels(route.meta),
      ...acceptTlsLabels(tls),
    };
    context.families.inboundHttpDeny.with(labels).inc();
    context.log.info('Request denied', {
      server: this.#policy!.meta.name,
      route: route.meta.name,
      client: formatAddress(clientAddress),
      tls: JSON.stringify(acceptTlsLabels(tls)),
    });
    return this.#fail(PROXY_ERROR.unauthorized, head, response);
  }

  #notFound(head: RequestHead, response: ServerResponse) {
    const { context, target, tls } = this.#connection;
    const labels = { ...targetLabels(target), ...this.#serverLabels(), ...acceptTlsLabels(tls) };
    context.families.inboundRouteNotFound.with(labels).inc();
    return this.#fail(PROXY_ERROR.noRouteInbound, head, response);
  }

  #fail(error: ProxyError, head: RequestHead, response: ServerResponse): { readonly handled: RequestSink } {
    const { context, client, target } = this.#connection;
    const labels = { ...targetLabels(target), ...this.#serverLabels() };
    const emit = client.identity !== undefined;
    const counter = context.families.inboundHttpErrors;
    return { handled: answerError(error, { head, response, emit, counter, labels }) };
  }

  countError(error: ProxyError): void {
    if (error.metric === undefined) return;
    const { context, target } = this.#connection;
    context.families.inboundHttpErrors
      .with({ error: error.metric, ...targetLabels(target), ...this.#serverLabels() })
      .inc();
  }
}
