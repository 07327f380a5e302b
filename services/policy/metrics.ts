import { type GrpcStatus, grpcStatusName } from '#lib/grpc';
import type { Registry } from '#lib/telemetry';

/** What is counted of the watches of one direction. */
export interface StreamMetrics {
  readonly updates: { inc(): void };
  readonly overflows: { inc(): void };
}

export interface PolicyMetrics {
  readonly inbound: StreamMetrics;
  readonly outbound: StreamMetrics;
  observeCall(method: string, code: GrpcStatus, durationMs: number): void;
}

const CALL_BOUNDS_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Every metric of the service; `watches` is asked at each scrape. */
export function createPolicyMetrics(
  registry: Registry,
  watches: Readonly<Record<'inbound' | 'outbound', () => number>>,
): PolicyMetrics {
  const open = registry.gauge('policy_watches', 'Watches that are open', ['direction']);
  registry.onCollect(() => {
    for (const direction of ['inbound', 'outbound'] as const)
      open.with({ direction }).set(watches[direction]());
  });
  const updates = registry.counter('policy_updates_total', 'Policies sent on watches', ['direction']);
  const overflows = registry.counter(
    'policy_watch_overflows_total',
    'Watches ended because the reader was slow',
    ['direction'],
  );
  const handled = registry.counter('grpc_server_handled_total', 'Calls that are over', [
    'grpc_service',
    'grpc_method',
    'grpc_code',
  ]);
  const seconds = registry.histogram(
    'grpc_server_handling_seconds',
    'How long calls took, in seconds',
    ['grpc_service', 'grpc_method'],
    CALL_BOUNDS_SECONDS,
  );
  const of = (direction: string): StreamMetrics => ({
    updates: updates.with({ direction }),
    overflows: overflows.with({ direction }),
  });
  return {
    inbound: of('inbound'),
    outbound: of('outbound'),
    observeCall(path, code, durationMs) {
      const [, service = '', method = ''] = path.split('/');
      const labels = { grpc_service: service, grpc_method: method };
      handled.with({ ...labels, grpc_code: grpcStatusName(code) }).inc();
      seconds.with(labels).observe(durationMs / 1000);
    },
  };
}
