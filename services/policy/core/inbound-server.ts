import type { Millis } from '#lib/base';
import type { Reference } from './reference.ts';

/**
 * How a proxy treats connections to one port of its pod. A Server resource is one way to make it, the default
 * policy another. Source: facts sheet control-plane, section 3.1.
 */
export interface InboundServer {
  readonly reference: Reference;
  readonly protocol: InboundProtocol;
  /** Any of them lets a client in; none lets nobody in. */
  readonly authorizations: readonly Authorization[];
}

export type InboundProtocol =
  | {
      readonly kind: 'detect';
      readonly timeoutMs: Millis;
      readonly routes: readonly InboundHttpRoute[];
    }
  | { readonly kind: 'opaque' };

export interface InboundHttpRoute {
  readonly reference: Reference;
  /** Beside those of the server. */
  readonly authorizations: readonly Authorization[];
  readonly rules: readonly InboundHttpRule[];
}

export interface InboundHttpRule {
  /** Requests that any of these matches. */
  readonly matches: readonly HttpMatch[];
}

/** All that is set must match. */
export interface HttpMatch {
  readonly path: { readonly kind: 'exact' | 'prefix'; readonly value: string };
  readonly method?: 'GET';
}

export interface Authorization {
  readonly reference: Reference;
  /** CIDRs that the client must come from; never empty. */
  readonly networks: readonly string[];
  readonly authentication: Authentication;
}

export type Authentication =
  | { readonly kind: 'unauthenticated' }
  | {
      readonly kind: 'tls';
      /** Names of clients, in full. */
      readonly identities: readonly string[];
      /** Ends of names, as lists of labels; the empty list is the end of every name. */
      readonly suffixes: readonly (readonly string[])[];
    };

export const UNAUTHENTICATED: Authentication = { kind: 'unauthenticated' };
export const ANY_IDENTITY: Authentication = { kind: 'tls', identities: [], suffixes: [[]] };
