import { type GrpcStatus, grpcStatusName } from '#lib/grpc';
import type { CounterSeries, Family, GaugeSeries, Labels, Registry } from '#lib/telemetry';
import type { ProfileTarget, ServiceTarget } from './core/authority.ts';

/** Every metric of the service, beside the lag of its watches. Source: facts sheet control-plane, "Metrics". */
export interface DestinationMetrics {
  /** The series of one group of Get clients. */
  openEndpoints(target: ServiceTarget, nodeName: string): EndpointsSeries;
  /** The series of one GetProfile target; shared by those with the same labels. */
  openProfile(target: ProfileTarget): ProfileSeries;
  /** Counts a stream that was ended because its client was too slow. */
  countEndpointsOverflow(service: string): void;
  countProfileOverflow(target: ProfileTarget): void;
  /** Counts a finished gRPC call. */
  observeCall(method: string, code: GrpcStatus, durationMs: number): void;
  /** Shows how many objects of a kind are held, whenever the metrics are read. */
  showCacheSize(kind: string, count: () => number): void;
}

export interface EndpointsSeries {
  readonly subscribers: GaugeSeries;
  readonly updates: CounterSeries;
  readonly pods: GaugeSeries;
  readonly exists: GaugeSeries;
  close(): void;
}

export interface ProfileSeries {
  readonly updates: Pick<CounterSeries, 'inc'>;
  changeSubscribers(by: 1 | -1): void;
  close(): void;
}

const HANDLING_BOUNDS_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export function createDestinationMetrics(registry: Registry): DestinationMetrics {
  const endpointLabels = ['cluster', 'namespace', 'service', 'port', 'hostname', 'node'];
  const endpoints = {
    subscribers: registry.gauge(
      'endpoints_subscribers',
      'Number of subscribers to a Service',
      endpointLabels,
    ),
    updates: registry.counter('endpoints_updates', 'Number of updates to a Service', endpointLabels),
    pods: registry.gauge('endpoints_pods', 'Number of endpoints of a Service', endpointLabels),
    exists: registry.gauge('endpoints_exists', 'Whether the Service exists', endpointLabels),
  };
  const profiles = createProfileFamilies(registry, 'profile', ['namespace', 'profile']);
  const workloads = createProfileFamilies(registry, 'workload', ['ip', 'port']);
  const endpointsOverflow = registry.counter(
    'endpoint_updates_queue_overflow',
    'Streams of endpoints ended because their client read too slowly',
    ['service'],
  );
  const profileOverflow = registry.counter(
    'profile_updates_queue_overflow',
    'Streams of a service profile ended because their client read too slowly',
    ['fqn', 'port'],
  );
  const endpointProfileOverflow = registry
    .counter(
      'endpoint_profile_updates_queue_overflow',
      'Streams of an endpoint profile ended because their client read too slowly',
    )
    .with({});
  return {
    openEndpoints: (target, nodeName) => openEndpoints(endpoints, endpointsLabels(target, nodeName)),
    openProfile: (target) =>
      target.kind === 'address'
        ? workloads({ ip: target.ip, port: String(target.port) })
        : profiles({ namespace: target.service.namespace, profile: target.service.name }),
    countEndpointsOverflow: (service) => endpointsOverflow.with({ service }).inc(),
    countProfileOverflow(target) {
      if (target.kind === 'address') endpointProfileOverflow.inc();
      else profileOverflow.with({ fqn: fullName(target), port: String(target.port) }).inc();
    },
    observeCall: createCallObserver(registry),
    showCacheSize(kind, count) {
      const gauge = registry
        .gauge(`${kind.toLowerCase()}_cache_size`, `Number of ${kind} objects held`)
        .with({});
      registry.onCollect(() => gauge.set(count()));
    },
  };
}

function fullName({ service: { name, namespace } }: ServiceTarget): string {
  return `${name}.${namespace}`;
}

function endpointsLabels(target: ServiceTarget, nodeName: string): Labels {
  const { service, port, hostname = '' } = target;
  const { namespace, name } = service;
  return { cluster: 'local', namespace, service: name, port: String(port), hostname, node: nodeName };
}

interface EndpointFamilies {
  readonly subscribers: Family<GaugeSeries>;
  readonly updates: Family<CounterSeries>;
  readonly pods: Family<GaugeSeries>;
  readonly exists: Family<GaugeSeries>;
}

function openEndpoints(families: EndpointFamilies, labels: Labels): EndpointsSeries {
  return {
    subscribers: families.subscribers.with(labels),
    updates: families.updates.with(labels),
    pods: families.pods.with(labels),
    exists: families.exists.with(labels),
    close() {
      for (const family of Object.values(families)) family.remove(labels);
    },
  };
}

/** Series that several watches may share; gone once the last has closed them. */
function createProfileFamilies(
  registry: Registry,
  name: string,
  labelNames: readonly string[],
): (labels: Labels) => ProfileSeries {
  const subscribers = registry.gauge(`${name}_subscribers`, `Number of subscribers to a ${name}`, labelNames);
  const updates = registry.counter(`${name}_updates`, `Number of updates to a ${name}`, labelNames);
  const holders = new Map<GaugeSeries, number>();
  return (labels) => {
    const gauge = subscribers.with(labels);
    holders.set(gauge, (holders.get(gauge) ?? 0) + 1);
    return {
      updates: updates.with(labels),
      changeSubscribers: (by) => gauge.set(gauge.value + by),
      close() {
        const left = (holders.get(gauge) ?? 1) - 1;
        holders.set(gauge, left);
        if (left > 0) return;
        holders.delete(gauge);
        subscribers.remove(labels);
        updates.remove(labels);
      },
    };
  };
}

function createCallObserver(registry: Registry): DestinationMetrics['observeCall'] {
  const names = ['grpc_type', 'grpc_service', 'grpc_method'];
  const handled = registry.counter(
    'grpc_server_handled_total',
    'Total number of RPCs completed on the server, regardless of success or failure.',
    [...names, 'grpc_code'],
  );
  const handling = registry.histogram(
    'grpc_server_handling_seconds',
    'Histogram of response latency (seconds) of gRPC that had been application-level handled by the server.',
    names,
    HANDLING_BOUNDS_SECONDS,
  );
  return (method, code, durationMs) => {
    const [, service = '', name = ''] = method.split('/');
    const labels = { grpc_type: 'server_stream', grpc_service: service, grpc_method: name };
    handled.with({ ...labels, grpc_code: grpcStatusName(code) }).inc();
    handling.with(labels).observe(durationMs / 1000);
  };
}
