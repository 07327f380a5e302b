import { create, inbound } from '#lib/api';
import { GrpcError, GrpcStatus, type ServiceImplementation } from '#lib/grpc';
import type { InboundQuery } from '../cluster/inbound-index.ts';
import type { PolicyLookup } from '../cluster/policy-lookup.ts';
import type { InboundServer } from '../core/inbound-server.ts';
import type { StreamMetrics } from '../metrics.ts';
import { translateServer } from './inbound-server.ts';
import { streamPolicy } from './policy-stream.ts';
import { checkPort, checkWorkload } from './request.ts';

export interface InboundServiceOptions {
  readonly lookup: PolicyLookup<InboundQuery, InboundServer>;
  readonly metrics: StreamMetrics;
}

/** InboundServerPolicies. Source: facts sheet control-plane, section 3.1. */
export function createInboundService({
  lookup,
  metrics,
}: InboundServiceOptions): ServiceImplementation<typeof inbound.InboundServerPolicies> {
  const find = (request: inbound.PortSpec) => {
    const query = { workload: checkWorkload(request.workload), port: checkPort(request.port) };
    const server = lookup.get(query);
    if (server === undefined) throw new GrpcError(GrpcStatus.NotFound, 'unknown server');
    return { query, server };
  };
  const translate = (server: InboundServer) => create(inbound.ServerSchema, translateServer(server));
  return {
    getPort: (request) => translate(find(request).server),
    watchPort: (request, stream) => {
      const { query, server } = find(request);
      streamPolicy(stream, { lookup, query, first: server, translate, metrics });
    },
  };
}
