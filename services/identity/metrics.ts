import { type GrpcStatus, grpcStatusName } from '#lib/grpc';
import { Registry } from '#lib/telemetry';

/** Every metric that the identity service emits. */
export interface IdentityMetrics {
  readonly registry: Registry;
  observeCall(method: string, code: GrpcStatus, durationMs: number): void;
  countReload(result: 'updated' | 'refused'): void;
}

export interface IdentityMetricsOptions {
  /** Milliseconds until the issuer ends; undefined before one is loaded. */
  readonly getIssuerTtlMs: () => number | undefined;
  /** Milliseconds since the files were last looked at. */
  readonly getLookAgeMs: () => number;
}

const GRPC_LABELS = ['grpc_type', 'grpc_service', 'grpc_method'] as const;
const HANDLING_BOUNDS_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export function createIdentityMetrics({
  getIssuerTtlMs,
  getLookAgeMs,
}: IdentityMetricsOptions): IdentityMetrics {
  const registry = new Registry();
  const ttl = registry
    .gauge('issuer_cert_ttl_seconds', 'Seconds until the issuer certificate expires; 0 until one is loaded.')
    .with({});
  const lag = registry
    .gauge(
      'issuer_check_age_seconds',
      'Seconds since the issuer, trust anchor and key files were last looked at.',
    )
    .with({});
  const reloads = registry.counter(
    'issuer_reloads_total',
    'Changed issuers that were taken over or refused.',
    ['result'],
  );
  const handled = registry.counter('grpc_server_handled_total', 'Calls completed by the server, by status.', [
    ...GRPC_LABELS,
    'grpc_code',
  ]);
  const handling = registry.histogram(
    'grpc_server_handling_seconds',
    'How long the server took to answer a call.',
    GRPC_LABELS,
    HANDLING_BOUNDS_SECONDS,
  );
  registry.onCollect(() => {
    ttl.set((getIssuerTtlMs() ?? 0) / 1000);
    lag.set(getLookAgeMs() / 1000);
  });
  return {
    registry,
    observeCall: (path, code, durationMs) => {
      const [, service = '', method = ''] = path.split('/');
      const labels = { grpc_type: 'unary', grpc_service: service, grpc_method: method };
      handled.with({ ...labels, grpc_code: grpcStatusName(code) }).inc();
      handling.with(labels).observe(durationMs / 1000);
    },
    countReload: (result) => reloads.with({ result }).inc(),
  };
}
