import { asksForTunnel, type RequestHead } from '../../http/head.ts';
import type { OutboundBackendSeries, OutboundRouteSeries } from '../../metrics/route-series.ts';
import type { Balancer } from '../balance/balancer.ts';
import type { HttpEndpoint } from '../http-endpoint.ts';
import { upgradeRequest } from '../request-heads.ts';

/** A backend of a route, ready to send to. */
export interface RouteBackend {
  readonly series: OutboundBackendSeries;
  readonly balancer: Balancer<HttpEndpoint>;
  /** There is one endpoint, and no choice. */
  readonly isForward: boolean;
}

/** Everything decided for a request head; kept on a repeated head, so that it is decided once. */
export class RoutePlan {
  readonly series: OutboundRouteSeries;
  readonly backend: RouteBackend;
  readonly isGrpc: boolean;
  /** The head as it goes out. */
  readonly head: RequestHead;
  /** Where in the stack: the start of an error text. */
  readonly context: string;
  /** May leave HTTP: goes as HTTP/1 all the way (facts sheet proxy-wire, section 6.1). */
  readonly wantsTunnel: boolean;
  /** The only identity that the app wants to talk to, where it named one. */
  readonly requiredId: string | undefined;
  #upgraded: RequestHead | undefined;

  constructor(init: {
    readonly series: OutboundRouteSeries;
    readonly backend: RouteBackend;
    readonly isGrpc: boolean;
    readonly head: RequestHead;
    readonly context: string;
    readonly requiredId: string | undefined;
  }) {
    this.series = init.series;
    this.backend = init.backend;
    this.isGrpc = init.isGrpc;
    this.head = init.head;
    this.context = init.context;
    this.requiredId = init.requiredId;
    this.wantsTunnel = asksForTunnel(init.head);
  }

  /** The head as it goes out over an upgraded connection. */
  upgradedHead(): RequestHead {
    this.#upgraded ??= upgradeRequest(this.head);
    return this.#upgraded;
  }
}
