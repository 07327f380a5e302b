import type { SocketAddress } from './outbound-policy.ts';

/** What a proxy wants to reach. */
export type OutboundTarget =
  | { readonly kind: 'address'; readonly address: SocketAddress }
  | { readonly kind: 'service'; readonly namespace: string; readonly name: string; readonly port: number };

const DEFAULT_PORT = 80;

/**
 * Reads `NAME.NAMESPACE.svc.CLUSTER-DOMAIN[:PORT]`, in any case, with or without a trailing dot.
 * `invalid` cannot be an authority; `unknown` is one that names no Service of this cluster.
 */
export function parseAuthority(text: string, clusterDomain: string): OutboundTarget | 'invalid' | 'unknown' {
  const match = /^([^:]+?)\.?(?::(\d{1,5}))?$/.exec(text.toLowerCase());
  const port = match?.[2] === undefined ? DEFAULT_PORT : Number(match[2]);
  if (match === null || port === 0 || port > 65_535) return 'invalid';
  const host = match[1] ?? '';
  const suffix = `.svc.${clusterDomain.toLowerCase()}`;
  if (!host.endsWith(suffix)) return 'unknown';
  const [name = '', namespace = '', ...rest] = host.slice(0, -suffix.length).split('.');
  if (name === '' || namespace === '' || rest.length > 0) return 'unknown';
  return { kind: 'service', namespace, name, port };
}
