import type { Millis } from '#lib/base';
import type { FailureAccrual } from './failure-accrual.ts';
import type { LoadBias } from './load-bias.ts';
import type { Reference } from './reference.ts';
import type { HttpRetry } from './retry.ts';
import type { Timeouts } from './timeouts.ts';

/** How a proxy treats traffic to one target. Source: facts sheet control-plane, section 3.3. */
export interface OutboundPolicy {
  /** What the routes are attached to. */
  readonly parent: Reference;
  readonly protocol: OutboundProtocol;
}

export type OutboundProtocol =
  | { readonly kind: 'http1' | 'http2'; readonly http: OutboundHttp }
  | { readonly kind: 'opaque'; readonly route: OpaqueRoute }
  | {
      readonly kind: 'detect';
      readonly timeoutMs: Millis;
      readonly http: OutboundHttp;
      /** For what turns out not to be HTTP. */
      readonly opaque: OpaqueRoute;
    };

export interface OutboundHttp {
  readonly routes: readonly OutboundHttpRoute[];
  readonly failureAccrual: FailureAccrual | undefined;
}

export interface OutboundHttpRoute {
  readonly reference: Reference;
  readonly rules: readonly OutboundHttpRule[];
}

/** A rule for every request of its route. */
export interface OutboundHttpRule {
  /** The first that is available; never empty. */
  readonly backends: readonly Backend[];
  readonly timeouts: Timeouts;
  readonly retry: HttpRetry | undefined;
  /** Whether requests may ask for timeouts and retries in l5d- headers. */
  readonly allowL5dRequestHeaders: boolean;
}

export interface OpaqueRoute {
  readonly reference: Reference;
  /** None refuses every connection. */
  readonly backend: Backend | undefined;
}

export interface Backend {
  readonly reference: Reference;
  readonly target: BackendTarget;
}

export type BackendTarget =
  /** The endpoints that the destination service names for the path, balanced. */
  | { readonly kind: 'balance'; readonly path: string; readonly bias: LoadBias | undefined }
  /** This one address. */
  | { readonly kind: 'forward'; readonly address: SocketAddress };

export interface SocketAddress {
  /** An IP address in its normal form. */
  readonly ip: string;
  readonly port: number;
}
