import { type destination, fromDuration, fromTcpAddress } from '#lib/api';
import type { Endpoint, EndpointTls } from '../../outbound/endpoint.ts';
import { type SocketAddress, unwrapMappedIp } from '../../transport/address.ts';

type Labels = Readonly<Record<string, string>>;

/**
 * One address of discovery; `setLabels` are those of its whole set. Undefined where the address cannot be read.
 * Source: facts sheet proxy-api, section 8.
 */
export function convertEndpoint(
  weighted: destination.WeightedAddr,
  setLabels: Labels = {},
): Endpoint | undefined {
  const address = convertAddress(weighted.addr);
  if (address === undefined) return undefined;
  const { protocolHint } = weighted;
  const labels = { ...setLabels, ...weighted.metricLabels };
  const inboundPort = protocolHint?.opaqueTransport?.inboundPort ?? 0;
  return {
    address,
    tls: convertTls(weighted.tlsIdentity),
    hint: protocolHint?.protocol.case ?? 'unknown',
    opaqueTransportPort: inboundPort > 0 && inboundPort <= 65_535 ? inboundPort : undefined,
    authorityOverride: convertAuthorityOverride(weighted.authorityOverride),
    labels: convertLabels(labels),
    zoneLocality: convertZoneLocality(labels['zone_locality']),
    keepAlive: convertKeepAlive(weighted.http2?.keepAlive),
  };
}

/** An address with IPv4-mapped IPv6 unwrapped; undefined where it has no IP or no possible port. */
export function convertAddress(address: Parameters<typeof fromTcpAddress>[0]): SocketAddress | undefined {
  const read = fromTcpAddress(address);
  return read === undefined ? undefined : { host: unwrapMappedIp(read.host), port: read.port };
}

const DNS_NAME = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,62})(\.[a-z0-9_]([a-z0-9_-]{0,62}))*$/;

/** Lower case, without a trailing dot; undefined for what is no DNS name. */
function convertDnsName(name: string | undefined): string | undefined {
  const normal = name?.toLowerCase().replace(/\.$/, '');
  return normal !== undefined && DNS_NAME.test(normal) ? normal : undefined;
}

/** A name that is none means no TLS. A SPIFFE ID needs the SNI beside it; a DNS identity is its own. */
function convertTls(identity: destination.TlsIdentity | undefined): EndpointTls | undefined {
  if (identity === undefined) return undefined;
  const { strategy, serverName: sni } = identity;
  const isUri = strategy.case === 'uriLikeIdentity';
  const serverId = isUri ? convertUri(strategy.value.uri) : convertDnsName(strategy.value?.name);
  const serverName = sni === undefined && !isUri ? serverId : convertDnsName(sni?.name);
  return serverId === undefined || serverName === undefined ? undefined : { serverId, serverName };
}

function convertUri(uri: string): string | undefined {
  return URL.canParse(uri) && uri.includes('://') ? uri : undefined;
}

function convertAuthorityOverride(override: destination.AuthorityOverride | undefined): string | undefined {
  const authority = override?.authorityOverride ?? '';
  return /^(\[[^\]]+\]|[^:\s/]+)(:\d{1,5})?$/.test(authority) ? authority : undefined;
}

/** `dst_KEY`, sorted, so that the same labels are the same series. */
function convertLabels(labels: Labels): Labels {
  const names = Object.keys(labels).sort();
  return Object.fromEntries(names.map((name) => [`dst_${name}`, labels[name] ?? '']));
}

function convertZoneLocality(locality: string | undefined): Endpoint['zoneLocality'] {
  return locality === 'local' || locality === 'remote' ? locality : 'unknown';
}

function convertKeepAlive(
  keepAlive: destination.Http2ClientParams_KeepAlive | undefined,
): Endpoint['keepAlive'] {
  if (keepAlive?.interval === undefined || keepAlive.timeout === undefined) return undefined;
  const intervalMs = fromDuration(keepAlive.interval);
  const timeoutMs = fromDuration(keepAlive.timeout);
  if (intervalMs <= 0 || timeoutMs <= 0) return undefined;
  return { intervalMs, timeoutMs, whileIdle: keepAlive.whileIdle };
}
