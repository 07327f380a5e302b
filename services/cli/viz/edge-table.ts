import { renderTable } from '../output/table.ts';
import type { Edge } from './edges.ts';

/** The table of `viz edges`; `wide` has the identities of both ends too. */
export function renderEdgeTable(edges: readonly Edge[], { wide }: { readonly wide: boolean }): string {
  const identities = wide ? ['CLIENT_ID', 'SERVER_ID'] : [];
  return renderTable(
    ['SRC', 'DST', 'SRC_NS', 'DST_NS', ...identities, 'SECURED'],
    edges.map((edge) => [
      edge.src,
      edge.dst,
      edge.srcNamespace,
      edge.dstNamespace,
      ...(wide ? [shortenIdentity(edge.clientId), shortenIdentity(edge.serverId)] : []),
      edge.noTlsReason === '' ? '√' : edge.noTlsReason,
    ]),
  );
}

/** The edges as upstream's `-o json` has them. */
export function describeEdges(edges: readonly Edge[]): unknown {
  return edges.map((edge) => ({
    src: edge.src,
    src_namespace: edge.srcNamespace,
    dst: edge.dst,
    dst_namespace: edge.dstNamespace,
    client_id: edge.clientId,
    server_id: edge.serverId,
    no_tls_reason: edge.noTlsReason,
  }));
}

/** `web.shop` of `web.shop.serviceaccount.identity.linkerd.cluster.local`. */
function shortenIdentity(identity: string): string {
  return identity.split('.serviceaccount.')[0] ?? identity;
}
