import type { ResourceRef } from '../endpoints/address.ts';
import type { Endpoint } from '../endpoints/selection.ts';

/** How a client should treat traffic to one target. */
export interface Profile {
  /** Empty for what is no Service. */
  readonly fullyQualifiedName: string;
  /** The port asked about must not be detected but passed on. */
  readonly opaque: boolean;
  readonly routes: readonly Route[];
  readonly retryBudget?: RetryBudget;
  readonly dstOverrides: readonly WeightedDst[];
  /** The one endpoint that the target is. */
  readonly endpoint?: Endpoint;
  readonly parent?: ResourceRef;
  readonly serviceProfile?: ResourceRef;
}

export interface RetryBudget {
  readonly retryRatio: number;
  readonly minRetriesPerSecond: number;
  readonly ttlMs: number;
}

export interface WeightedDst {
  /** `host:port`, the path of a Get. */
  readonly authority: string;
  /** Ten-thousandths: a weight of 1 is 10000. */
  readonly weight: number;
  readonly backend?: ResourceRef;
}

export interface Route {
  readonly name: string;
  readonly condition: RequestMatch;
  readonly responseClasses: readonly { readonly condition: ResponseMatch; readonly isFailure: boolean }[];
  readonly isRetryable: boolean;
  readonly timeoutMs?: number;
}

export type RequestMatch =
  | { readonly kind: 'all' | 'any'; readonly matches: readonly RequestMatch[] }
  | { readonly kind: 'not'; readonly match: RequestMatch }
  | { readonly kind: 'method'; readonly method: string }
  | { readonly kind: 'path'; readonly regex: string };

export type ResponseMatch =
  | { readonly kind: 'all' | 'any'; readonly matches: readonly ResponseMatch[] }
  | { readonly kind: 'not'; readonly match: ResponseMatch }
  | { readonly kind: 'status'; readonly min: number; readonly max: number };

/** What a client without a ServiceProfile gets. Source: facts sheet control-plane, "Service profile content". */
export const DEFAULT_RETRY_BUDGET: RetryBudget = { retryRatio: 0.2, minRetriesPerSecond: 10, ttlMs: 10_000 };

/** Says nothing: the client then goes by the policy API alone. */
export const EMPTY_PROFILE: Profile = {
  fullyQualifiedName: '',
  opaque: false,
  routes: [],
  dstOverrides: [],
};
