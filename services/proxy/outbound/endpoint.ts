import type { Millis } from '#lib/base';
import type { PolicyMeta } from '../policy/metadata.ts';
import type { SocketAddress } from '../transport/address.ts';

/** One address that a balancer or a forward may send to. Source: facts sheet proxy-api, `WeightedAddr`. */
export interface Endpoint {
  /** The address as discovery names it: what metrics show. */
  readonly address: SocketAddress;
  /** Undefined where discovery provides no identity: plaintext. */
  readonly tls: EndpointTls | undefined;
  /** The peer takes HTTP/2 and the upgrade of HTTP/1 (`h2`), is opaque, or is not known to do either. */
  readonly hint: 'h2' | 'opaque' | 'unknown';
  /** The peer's inbound port, to be dialled instead with a transport header; undefined to dial the address. */
  readonly opaqueTransportPort: number | undefined;
  /** `host:port` that replaces the authority (multicluster gateways). */
  readonly authorityOverride: string | undefined;
  /** Metric labels, already with the `dst_` prefix and in a stable order. */
  readonly labels: Readonly<Record<string, string>>;
  readonly zoneLocality: 'local' | 'remote' | 'unknown';
  readonly keepAlive:
    | { readonly intervalMs: Millis; readonly timeoutMs: Millis; readonly whileIdle: boolean }
    | undefined;
}

export interface EndpointTls {
  /** The identity the peer must prove: a DNS-like name or a SPIFFE URI. */
  readonly serverId: string;
  /** The SNI to send. */
  readonly serverName: string;
}

/** A profile as GetProfile gives it, as far as the proxy's core uses it. */
export interface Profile {
  readonly opaque: boolean;
  /** Empty for what is not a Service. */
  readonly fullyQualifiedName: string;
  /** Set when the looked-up address is a pod. */
  readonly endpoint: Endpoint | undefined;
  /** Where requests go instead, each in proportion to its weight, which is above 0; empty for none. */
  readonly dstOverrides: readonly WeightedDestination[];
}

export interface WeightedDestination {
  /** `name:port`, whose endpoints discovery knows. */
  readonly path: string;
  readonly weight: number;
  /** The Service behind it; undefined where that is not said. */
  readonly meta: PolicyMeta | undefined;
}

/** A change of a set of endpoints; `reset` replaces all. Keys are `ip:port`. */
export type EndpointsUpdate =
  | { readonly kind: 'reset' | 'add'; readonly endpoints: readonly Endpoint[] }
  | { readonly kind: 'remove'; readonly addresses: readonly SocketAddress[] };
