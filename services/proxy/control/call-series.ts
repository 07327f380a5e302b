import type { Labels } from '#lib/telemetry';
import type { ControlAddress } from '../config.ts';
import { isGrpcFailure } from '../http/grpc.ts';
import type { Families } from '../metrics/families.ts';
import { connectTlsLabels } from '../metrics/labels.ts';
import { UNCLASSIFIED } from '../metrics/outcome.ts';

/** What is counted of the calls to one control-plane service. */
export interface CallSeries {
  /** A call goes out; the result takes its end. `code` is a gRPC status, `isHeard`: the server answered at all. */
  begin(): (end: { readonly code: number; readonly isHeard: boolean }) => void;
}

export function createCallSeries(
  families: Pick<Families, 'controlRequests' | 'controlResponses' | 'controlLatency'>,
  address: ControlAddress,
): CallSeries {
  const labels: Labels = {
    addr: `${address.host}:${address.port}`,
    ...connectTlsLabels(address.identity, 'loopback'),
  };
  const requests = families.controlRequests.with(labels);
  return {
    begin() {
      requests.inc();
      const startMs = performance.now();
      return ({ code, isHeard }) => {
        const status: Labels = isHeard ? { ...labels, status_code: '200' } : labels;
        const isFailure = !isHeard || isGrpcFailure(String(code));
        families.controlResponses
          .with({
            ...status,
            classification: isFailure ? 'failure' : 'success',
            grpc_status: isHeard ? String(code) : '',
            error: isHeard ? '' : UNCLASSIFIED,
          })
          .inc();
        families.controlLatency.with(status).observe(performance.now() - startMs);
      };
    },
  };
}
