import { create, fromTcpAddress, outbound } from '#lib/api';
import { GrpcError, GrpcStatus, type ServiceImplementation } from '#lib/grpc';
import type { PolicyLookup } from '../cluster/policy-lookup.ts';
import type { OutboundPolicy } from '../core/outbound-policy.ts';
import { type OutboundTarget, parseAuthority } from '../core/target.ts';
import type { StreamMetrics } from '../metrics.ts';
import { translatePolicy } from './outbound-policy.ts';
import { streamPolicy } from './policy-stream.ts';
import { checkPort, checkWorkload } from './request.ts';

export interface OutboundServiceOptions {
  readonly lookup: PolicyLookup<OutboundTarget, OutboundPolicy>;
  readonly clusterDomain: string;
  readonly metrics: StreamMetrics;
}

/** OutboundPolicies. Source: facts sheet control-plane, section 3.3. */
export function createOutboundService({
  lookup,
  clusterDomain,
  metrics,
}: OutboundServiceOptions): ServiceImplementation<typeof outbound.OutboundPolicies> {
  const find = (request: outbound.TrafficSpec) => {
    checkWorkload(request.sourceWorkload);
    const query = checkTarget(request.target, clusterDomain);
    const policy = lookup.get(query);
    if (policy === undefined) throw refuseUnknown();
    return { query, policy };
  };
  const translate = (policy: OutboundPolicy) =>
    create(outbound.OutboundPolicySchema, translatePolicy(policy));
  return {
    get: (request) => translate(find(request).policy),
    watch: (request, stream) => {
      const { query, policy } = find(request);
      streamPolicy(stream, { lookup, query, first: policy, translate, metrics });
    },
  };
}

function refuseUnknown(): GrpcError {
  return new GrpcError(GrpcStatus.NotFound, 'No such service');
}

function checkTarget(target: outbound.TrafficSpec['target'], clusterDomain: string): OutboundTarget {
  if (target.case === 'addr') {
    const address = fromTcpAddress(target.value);
    if (address === undefined) throw refuseTarget('the address is no IP address and port');
    return { kind: 'address', address: { ip: address.host, port: checkPort(address.port) } };
  }
  if (target.case !== 'authority') throw refuseTarget('the target is missing');
  const service = parseAuthority(target.value, clusterDomain);
  if (service === 'invalid') throw refuseTarget(`"${target.value}" is no authority`);
  if (service === 'unknown') throw refuseUnknown();
  return service;
}

function refuseTarget(reason: string): GrpcError {
  return new GrpcError(GrpcStatus.InvalidArgument, `invalid target: ${reason}`);
}
