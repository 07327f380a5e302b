/** One address that traffic may be sent to, and how: the same for every client. */
export interface Address {
  /** Normalized (see ip.ts). */
  readonly ip: string;
  readonly port: number;
  /** Without `zone_locality`, which depends on the client. */
  readonly labels: Readonly<Record<string, string>>;
  /** Whether a proxy stands before it on this port. */
  readonly meshed: boolean;
  /** Absent for peers that are spoken to without TLS. */
  readonly identity?: TlsIdentity;
  /** What the peer's proxy understands; absent for peers outside the mesh. */
  readonly hint?: 'h2' | 'opaque';
  /** The port of the peer's proxy, where connections go with a transport header. */
  readonly inboundPort?: number;
  /** `host:port` to put in place of the request's authority. */
  readonly authorityOverride?: string;
  /** The workload behind it. */
  readonly workload?: ResourceRef;
}

export type TlsIdentity =
  | { readonly kind: 'dns'; readonly name: string }
  | { readonly kind: 'uri'; readonly uri: string; readonly serverName: string };

export interface ResourceRef {
  /** `core` for Kubernetes' unnamed group. */
  readonly group: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly port?: number;
}

/** `ip:port`, under which endpoints are told apart. */
export function addressKey({ ip, port }: Pick<Address, 'ip' | 'port'>): string {
  return `${ip}:${port}`;
}
