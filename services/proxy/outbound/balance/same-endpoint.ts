import type { Endpoint } from '../endpoint.ts';

/** True when a new description of an endpoint asks for nothing new: its connection may be kept. */
export function isSameEndpoint(a: Endpoint, b: Endpoint): boolean {
  return fingerprint(a) === fingerprint(b);
}

function fingerprint(endpoint: Endpoint): string {
  return JSON.stringify([
    endpoint.tls?.serverId,
    endpoint.tls?.serverName,
    endpoint.hint,
    endpoint.opaqueTransportPort,
    endpoint.authorityOverride,
    endpoint.labels,
    endpoint.zoneLocality,
    endpoint.keepAlive,
  ]);
}
