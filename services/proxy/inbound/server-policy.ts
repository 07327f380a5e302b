import type { PolicyMeta } from '../policy/metadata.ts';
import type { HostMatch, RouteMatch } from '../policy/route-match.ts';

/** What the policy API says of one port of this pod. Source: facts sheet proxy-api, section 9. */
export interface ServerPolicy {
  readonly protocol: ServerProtocol;
  readonly meta: PolicyMeta;
  readonly authorizations: readonly Authorization[];
}

export type ServerProtocol =
  | { readonly kind: 'detect'; readonly timeoutMs: number; readonly routes: readonly InboundRoute[] }
  | { readonly kind: 'http1' | 'http2' | 'grpc'; readonly routes: readonly InboundRoute[] }
  | { readonly kind: 'opaque' | 'tls' };

export interface InboundRoute {
  readonly meta: PolicyMeta;
  readonly hosts: readonly HostMatch[];
  readonly authorizations: readonly Authorization[];
  readonly rules: readonly InboundRule[];
}

export interface InboundRule {
  readonly matches: readonly RouteMatch[];
  readonly filters: readonly InboundFilter[];
}

/** Filters come with the policy resources; until then a policy that has one is an invalid policy for that rule. */
export type InboundFilter = { readonly kind: 'unknown' };

export interface Authorization {
  readonly meta: PolicyMeta;
  readonly networks: readonly Network[];
  readonly authentication: Authentication;
}

export interface Network {
  readonly net: Cidr;
  readonly except: readonly Cidr[];
}

/** An address block; `base` in canonical text form. */
export interface Cidr {
  readonly base: string;
  readonly prefixLength: number;
}

export type Authentication =
  | { readonly kind: 'unauthenticated' }
  /** Any connection whose TLS this proxy terminated, with or without a client identity. */
  | { readonly kind: 'tls' }
  | {
      readonly kind: 'mesh-tls';
      readonly identities: ReadonlySet<string>;
      /** Suffixes of DNS identities (`ns.serviceaccount…`); the empty one admits every identity. */
      readonly suffixes: readonly string[];
    };
