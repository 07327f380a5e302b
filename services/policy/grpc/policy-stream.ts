import type { ServerStream } from '#lib/grpc';
import type { PolicyLookup } from '../cluster/policy-lookup.ts';
import type { StreamMetrics } from '../metrics.ts';

/** A reader this far behind is cut off: it asks again and gets the latest state. */
const MAX_PENDING = 100;

export interface PolicyStreamOptions<Query, Policy, Message> {
  readonly lookup: PolicyLookup<Query, Policy>;
  readonly query: Query;
  /** The answer now; the caller has looked it up already. */
  readonly first: Policy;
  readonly translate: (policy: Policy) => Message;
  readonly metrics: StreamMetrics;
}

/**
 * Sends the policy and every change of it. When there is no policy any more the stream ends with OK, so that
 * the proxy keeps what it has and asks again.
 */
export function streamPolicy<Query, Policy, Message>(
  stream: ServerStream<Message>,
  options: PolicyStreamOptions<Query, Policy, Message>,
): void {
  const { lookup, query, translate, metrics } = options;
  const send = (policy: Policy | undefined) => {
    if (policy === undefined) {
      stream.end();
    } else if (stream.pending >= MAX_PENDING) {
      metrics.overflows.inc();
      stream.end();
    } else {
      metrics.updates.inc();
      stream.send(translate(policy));
    }
  };
  const stop = lookup.watch(query, send);
  stream.onClose(stop);
  send(options.first);
}
