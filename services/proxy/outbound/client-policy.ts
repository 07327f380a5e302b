import type { BackoffConfig, Millis } from '#lib/base';
import type { PolicyMeta } from '../policy/metadata.ts';
import type { HostMatch, RouteMatch } from '../policy/route-match.ts';
import type { Endpoint } from './endpoint.ts';

/** What the policy API says of one destination. Source: facts sheet proxy-api, section 10. */
export interface ClientPolicy {
  readonly parent: PolicyMeta;
  readonly protocol: ClientProtocol;
}

export type ClientProtocol =
  | {
      readonly kind: 'detect';
      readonly http1: HttpPolicy;
      readonly http2: HttpPolicy;
      readonly opaque: OpaquePolicy;
    }
  | { readonly kind: 'http1' | 'http2' | 'grpc'; readonly http: HttpPolicy }
  | { readonly kind: 'opaque' | 'tls'; readonly opaque: OpaquePolicy };

export interface HttpPolicy {
  readonly routes: readonly OutboundRoute[];
  readonly failureAccrual: FailureAccrual | undefined;
  /** The routes are of gRPC, and so are the metrics that their requests count in. */
  readonly isGrpc?: boolean;
}

export interface OpaquePolicy {
  /** Undefined refuses every connection (no route). */
  readonly route: OpaqueRoute | undefined;
}

export interface OpaqueRoute {
  readonly meta: PolicyMeta;
  /** `forbidden` and `invalid` refuse the connection. */
  readonly verdict: 'forward' | 'forbidden' | 'invalid';
  readonly distribution: Distribution;
}

export interface OutboundRoute {
  readonly meta: PolicyMeta;
  readonly hosts: readonly HostMatch[];
  readonly rules: readonly OutboundRule[];
}

/** Filters, retries and timeouts are kept as the API gave them; they are carried out by a later issue's stages. */
export interface OutboundRule {
  readonly matches: readonly RouteMatch[];
  readonly distribution: Distribution;
  /** Fails every request with this answer, where the control plane could not resolve a backend or forbids it. */
  readonly failure: { readonly status: number; readonly message: string } | undefined;
}

export type Distribution =
  | { readonly kind: 'empty' }
  | { readonly kind: 'first-available'; readonly backends: readonly Backend[] }
  | {
      readonly kind: 'random-available';
      readonly backends: readonly { readonly backend: Backend; readonly weight: number }[];
    };

export interface Backend {
  readonly meta: PolicyMeta;
  readonly dispatcher:
    | { readonly kind: 'forward'; readonly endpoint: Endpoint }
    | { readonly kind: 'balancer'; readonly path: string; readonly load: LoadConfig }
    /** Always fails: `backend for KIND ns/name has no dispatcher`. */
    | { readonly kind: 'fail' };
}

export interface LoadConfig {
  readonly defaultRttMs: Millis;
  readonly decayMs: Millis;
}

/** Circuit breaking; carried out by a later issue. */
export type FailureAccrual =
  | { readonly kind: 'consecutive'; readonly maxFailures: number; readonly backoff: BackoffConfig }
  | { readonly kind: 'unified'; readonly maxFailures: number; readonly backoff: BackoffConfig };
