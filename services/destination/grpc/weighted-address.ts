import { create, destination, type MessageInitShape } from '#lib/api';
import type { Address, TlsIdentity } from '../core/endpoints/address.ts';
import type { Endpoint } from '../core/endpoints/selection.ts';
import type { Http2ClientParams } from '../core/http2-params.ts';
import { toMetadata, toTcpAddress } from './addresses.ts';
import { toDuration } from './durations.ts';

/** `undefined` for an address that is no IP. `http2` is for meshed peers. Source: facts sheet proxy-api, section 8. */
export function toWeightedAddr(
  { address, locality, weight }: Endpoint,
  http2: destination.Http2ClientParams,
): destination.WeightedAddr | undefined {
  const addr = toTcpAddress(address.ip, address.port);
  if (addr === undefined) return undefined;
  return create(destination.WeightedAddrSchema, {
    addr,
    weight,
    metricLabels: locality === undefined ? address.labels : { ...address.labels, zone_locality: locality },
    ...(address.identity && { tlsIdentity: toTlsIdentity(address.identity) }),
    ...(hasHint(address) && { protocolHint: toProtocolHint(address) }),
    ...(address.authorityOverride !== undefined && {
      authorityOverride: { authorityOverride: address.authorityOverride },
    }),
    ...(address.meshed && { http2 }),
    ...(address.workload && { resourceRef: toMetadata(address.workload) }),
  });
}

export function toHttp2Params({
  flowControl,
  keepAlive,
  internals,
}: Http2ClientParams): destination.Http2ClientParams {
  return create(destination.Http2ClientParamsSchema, {
    ...(flowControl && { flowControl }),
    ...(keepAlive && {
      keepAlive: {
        ...(keepAlive.intervalMs !== undefined && { interval: toDuration(keepAlive.intervalMs) }),
        ...(keepAlive.timeoutMs !== undefined && { timeout: toDuration(keepAlive.timeoutMs) }),
        whileIdle: keepAlive.whileIdle ?? false,
      },
    }),
    ...(internals && { internals }),
  });
}

function toTlsIdentity(identity: TlsIdentity): MessageInitShape<typeof destination.TlsIdentitySchema> {
  if (identity.kind === 'dns') {
    const { name } = identity;
    return { strategy: { case: 'dnsLikeIdentity', value: { name } }, serverName: { name } };
  }
  return {
    strategy: { case: 'uriLikeIdentity', value: { uri: identity.uri } },
    serverName: { name: identity.serverName },
  };
}

function hasHint({ hint, inboundPort }: Address): boolean {
  return hint !== undefined || inboundPort !== undefined;
}

function toProtocolHint({
  hint,
  inboundPort,
}: Address): MessageInitShape<typeof destination.ProtocolHintSchema> {
  return {
    ...(hint !== undefined && { protocol: { case: hint, value: {} } }),
    ...(inboundPort !== undefined && { opaqueTransport: { inboundPort } }),
  };
}
