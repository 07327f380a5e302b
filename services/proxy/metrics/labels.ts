import type { Labels } from '#lib/telemetry';
import type { PolicyMeta } from '../policy/metadata.ts';
import { formatAddress, type SocketAddress } from '../transport/address.ts';

/** Label groups, in the order upstream writes them. Source: facts sheet proxy-metrics, section 2. */

export function targetLabels(address: SocketAddress): Labels {
  return { target_addr: formatAddress(address), target_ip: address.host, target_port: String(address.port) };
}

/** TLS as the accepting side sees it. */
export type AcceptTls =
  | { readonly kind: 'established'; readonly clientId: string | undefined }
  | { readonly kind: 'none'; readonly reason: NoTlsReason }
  | { readonly kind: 'passthrough'; readonly sni: string };

export type NoTlsReason =
  | 'loopback'
  | 'port_skipped'
  | 'no_tls_from_remote'
  | 'not_provided_by_service_discovery'
  | 'ingress_without_override';

export function acceptTlsLabels(tls: AcceptTls): Labels {
  if (tls.kind === 'established') return { tls: 'true', client_id: tls.clientId ?? '' };
  if (tls.kind === 'passthrough') return { tls: 'opaque', sni: tls.sni };
  return { tls: 'no_identity', no_tls_reason: tls.reason };
}

/** TLS as the connecting side sees it: the server's identity, or why there is none. */
export function connectTlsLabels(serverId: string | undefined, reason: NoTlsReason): Labels {
  return serverId === undefined
    ? { tls: 'no_identity', no_tls_reason: reason }
    : { tls: 'true', server_id: serverId };
}

export function serverLabels(server: PolicyMeta, port: number): Labels {
  return { srv_group: server.group, srv_kind: server.kind, srv_name: server.name, srv_port: String(port) };
}

export function inboundRouteLabels(route: PolicyMeta): Labels {
  return { route_group: route.group, route_kind: route.kind, route_name: route.name };
}

export function authzLabels(authz: PolicyMeta): Labels {
  return { authz_group: authz.group, authz_kind: authz.kind, authz_name: authz.name };
}

export function parentLabels(parent: PolicyMeta): Labels {
  return withPort('parent', parent);
}

export function outboundRouteLabels(route: PolicyMeta): Labels {
  return {
    route_group: route.group,
    route_kind: route.kind,
    route_namespace: route.namespace,
    route_name: route.name,
  };
}

export function backendLabels(backend: PolicyMeta): Labels {
  return withPort('backend', backend);
}

function withPort(prefix: string, meta: PolicyMeta): Labels {
  return {
    [`${prefix}_group`]: meta.group,
    [`${prefix}_kind`]: meta.kind,
    [`${prefix}_namespace`]: meta.namespace,
    [`${prefix}_name`]: meta.name,
    [`${prefix}_port`]: meta.port === 0 ? '' : String(meta.port),
    [`${prefix}_section_name`]: meta.section,
  };
}
