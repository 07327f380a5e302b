import { Registry } from '#lib/telemetry';

const LATENCY_MS = [
  1, 2, 3, 4, 5, 10, 20, 30, 40, 50, 100, 200, 300, 400, 500, 1000, 2000, 3000, 4000, 5000, 10_000, 20_000,
  30_000, 40_000, 50_000,
];
const FRAME_BYTES = [128, 1024, 10_240];
const DETECT_SECONDS = [0.001, 0.1];
const BACKEND_SECONDS = [0.025, 0.05, 0.1, 0.25, 0.5, 1, 10];
const ROUTE_SECONDS = [0.05, 0.5, 1, 10];

interface FamiliesOptions {
  /** How many label sets a family takes before further ones are counted as overflow; no cap by default. */
  readonly maxSeries?: number;
}

/**
 * Every metric family of the data path. Names, labels, buckets: facts sheet proxy-metrics. The older families are
 * written in the Prometheus text format, the newer ones in OpenMetrics, one after the other.
 */
export function createFamilies(options: FamiliesOptions = {}) {
  const limits = {
    maxSeriesPerFamily: options.maxSeries ?? Number.POSITIVE_INFINITY,
    onOverflow: (family: string) => overflow.with({ family }).inc(),
  };
  const legacy = new Registry(limits);
  const modern = new Registry({ ...limits, format: 'openmetrics' });
  const overflow = modern
    .counter(
      'proxy_metrics_series_overflow',
      'The number of times a label set found no room in its family and was counted with overflow="true"',
    )
    .keepForever();
  return {
    legacy,
    modern,
    requests: legacy.counter('request_total', 'Total count of HTTP requests.'),
    responses: legacy.counter('response_total', 'Total count of HTTP responses.'),
    responseLatency: legacy.histogram(
      'response_latency_ms',
      "Elapsed times between a request's headers being received and its response stream completing",
      [],
      LATENCY_MS,
    ),
    controlRequests: legacy
      .counter('control_request_total', 'Total count of HTTP requests to the control plane.')
      .keepForever(),
    controlResponses: legacy
      .counter('control_response_total', 'Total count of HTTP responses of the control plane.')
      .keepForever(),
    controlLatency: legacy
      .histogram(
        'control_response_latency_ms',
        "Elapsed times between a control-plane request's headers being sent and its response stream completing",
        [],
        LATENCY_MS,
      )
      .keepForever(),
    tcpOpen: legacy.counter('tcp_open_total', 'Total count of opened connections'),
    tcpOpenConnections: legacy.gauge('tcp_open_connections', 'Number of currently-open connections'),
    tcpRead: legacy.counter('tcp_read_bytes_total', 'Total count of bytes read from peers'),
    tcpWrite: legacy.counter('tcp_write_bytes_total', 'Total count of bytes written to peers'),
    tcpClose: legacy.counter('tcp_close_total', 'Total count of closed connections'),
    inboundHttpAllow: legacy.counter(
      'inbound_http_authz_allow_total',
      'The total number of inbound HTTP requests that were authorized',
    ),
    inboundHttpDeny: legacy.counter(
      'inbound_http_authz_deny_total',
      'The total number of inbound HTTP requests that could not be processed due to being unauthorized',
    ),
    inboundRouteNotFound: legacy.counter(
      'inbound_http_route_not_found_total',
      'The total number of inbound HTTP requests that could not be associated with a route',
    ),
    inboundTcpAllow: legacy.counter(
      'inbound_tcp_authz_allow_total',
      'The total number of inbound TCP connections that were authorized',
    ),
    inboundTcpDeny: legacy.counter(
      'inbound_tcp_authz_deny_total',
      'The total number of inbound TCP connections that were denied',
    ),
    inboundTcpTerminate: legacy.counter(
      'inbound_tcp_authz_terminate_total',
      'The total number of inbound TCP connections that were terminated due to an authorization change',
    ),
    inboundHttpErrors: legacy.counter(
      'inbound_http_errors_total',
      'The total number of inbound HTTP requests that could not be processed due to a proxy error.',
    ),
    inboundTcpErrors: legacy.counter(
      'inbound_tcp_errors_total',
      'The total number of inbound TCP connections that could not be processed due to a proxy error.',
    ),
    outboundHttpErrors: legacy
      .counter(
        'outbound_http_errors_total',
        'The total number of outbound HTTP requests that could not be processed due to a proxy error.',
      )
      .keepForever(),
    outboundTcpErrors: legacy.counter(
      'outbound_tcp_errors_total',
      'The total number of outbound TCP connections that could not be processed due to a proxy error.',
    ),
    inboundDetectSeconds: modern.histogram(
      'inbound_tcp_detect_http_duration_seconds',
      'The time taken for protocol detection',
      [],
      DETECT_SECONDS,
    ),
    inboundDetectResults: modern.counter(
      'inbound_tcp_detect_http_results',
      'The number of protocol detections by result',
    ),
    transportHeaderConnections: modern.counter(
      'inbound_tcp_transport_header_connections',
      'TCP connections with transport headers',
    ),
    inboundHttp: inboundFamilies(modern, 'http'),
    inboundGrpc: inboundFamilies(modern, 'grpc'),
    protocolConnections: modern.counter(
      'outbound_tcp_protocol_connections',
      'Outbound TCP connections by protocol configuration',
    ),
    outboundDetectSeconds: modern.histogram(
      'outbound_tcp_detect_http_duration_seconds',
      'The time taken for protocol detection',
      [],
      DETECT_SECONDS,
    ),
    outboundDetectResults: modern.counter(
      'outbound_tcp_detect_http_results',
      'The number of protocol detections by result',
    ),
    outboundHttp: outboundFamilies(modern, 'http'),
    outboundGrpc: outboundFamilies(modern, 'grpc'),
    transferCost: modern
      .counter(
        'outbound_tcp_transfer_cost_bytes',
        'The number of bytes transferred with endpoints, by whether they are in the zone of this pod',
      )
      .keepForever(),
    tcpRouteOpen: modern.counter('outbound_tcp_route_open', 'The number of connections opened'),
    tcpRouteClose: modern.counter('outbound_tcp_route_close', 'The number of connections closed'),
    httpBalancer: balancerFamilies(modern, 'outbound_http_balancer'),
    tcpBalancer: balancerFamilies(modern, 'outbound_tcp_balancer'),
    dnsResolutions: modern
      .counter(
        'control_dns_resolutions',
        'The number of DNS resolutions of control-plane addresses by result',
      )
      .keepForever(),
    certExpiration: modern
      .gauge(
        'control_identity_cert_expiration_timestamp_seconds',
        'Time when the current certificate expires (seconds since the Unix epoch)',
      )
      .keepForever(),
    certRefresh: modern
      .gauge(
        'control_identity_cert_refresh_timestamp_seconds',
        'Time when the current certificate was last refreshed (seconds since the Unix epoch)',
      )
      .keepForever(),
    certRefreshes: modern
      .counter('control_identity_cert_refreshes', 'The number of certificate refreshes by result')
      .keepForever(),
    spanExportStreams: legacy
      .counter(
        'opentelemetry_span_export_streams',
        'Total count of batches of spans that were begun to be sent',
      )
      .keepForever(),
    spanExportRequests: legacy
      .counter('opentelemetry_span_export_requests', 'Total count of batches of spans that a collector took')
      .keepForever(),
    spanExports: legacy
      .counter('opentelemetry_span_exports', 'Total count of spans that a collector took')
      .keepForever(),
    spansDropped: modern
      .counter(
        'opentelemetry_spans_dropped',
        'Spans that no collector took: it was away or too slow, or did not want them',
      )
      .keepForever(),
    discoveryFreshness: modern
      .gauge(
        'control_discovery_last_update_timestamp_seconds',
        'Time of the last message of a discovery stream (seconds since the Unix epoch)',
      )
      .keepForever(),
    discoveryConnected: modern
      .gauge(
        'control_discovery_connected',
        'Whether the stream to a control-plane service is up (1) or being re-established (0)',
      )
      .keepForever(),
  };
}

export type Families = ReturnType<typeof createFamilies>;

function inboundFamilies(registry: Registry, kind: 'http' | 'grpc') {
  const name = (suffix: string) => `inbound_${kind}_${suffix}`;
  return {
    requests: registry.counter(name('requests'), 'The number of requests received'),
    requestFrames: registry.histogram(
      name('request_frame_size_bytes'),
      'Request data frame sizes',
      [],
      FRAME_BYTES,
    ),
    responseFrames: registry.histogram(
      name('response_frame_size_bytes'),
      'Response data frame sizes',
      [],
      FRAME_BYTES,
    ),
    requestSeconds: registry.histogram(
      name('request_duration_seconds'),
      'The time between request initialization and response completion',
      [],
      BACKEND_SECONDS,
    ),
    responseSeconds: registry.histogram(
      name('response_duration_seconds'),
      'The time between request completion and response completion',
      [],
      ROUTE_SECONDS,
    ),
    statuses: registry.counter(name('statuses'), 'Completed responses by status'),
  };
}

function outboundFamilies(registry: Registry, kind: 'http' | 'grpc') {
  const name = (suffix: string) => `outbound_${kind}_route_${suffix}`;
  return {
    requestSeconds: registry.histogram(
      name('request_duration_seconds'),
      'The time between request initialization and response completion',
      [],
      ROUTE_SECONDS,
    ),
    requestStatuses: registry.counter(name('request_statuses'), 'Completed request-response streams'),
    requestFrames: registry.histogram(
      name('request_frame_size_bytes'),
      'Request data frame sizes',
      [],
      FRAME_BYTES,
    ),
    backendRequests: registry.counter(name('backend_requests'), 'The total number of requests dispatched'),
    backendSeconds: registry.histogram(
      name('backend_response_duration_seconds'),
      'The time between request completion and response completion',
      [],
      BACKEND_SECONDS,
    ),
    backendStatuses: registry.counter(name('backend_response_statuses'), 'Completed responses'),
    backendFrames: registry.histogram(
      name('backend_response_frame_size_bytes'),
      'Response data frame sizes',
      [],
      FRAME_BYTES,
    ),
  };
}

export type InboundHttpFamilies = ReturnType<typeof inboundFamilies>;
export type OutboundHttpFamilies = ReturnType<typeof outboundFamilies>;

function balancerFamilies(registry: Registry, prefix: string) {
  return {
    endpoints: registry.gauge(`${prefix}_endpoints`, 'The number of endpoints currently in the balancer'),
    p2cEndpoints: registry.gauge(`${prefix}_p2c_endpoints`, 'The number of endpoints in the balancer'),
    updates: registry.counter(
      `${prefix}_p2c_updates`,
      'The total number of service discovery updates received by a balancer',
    ),
    queueLength: registry.gauge(`${prefix}_queue_length`, 'The number of requests currently in the queue'),
    queueRequests: registry.counter(
      `${prefix}_queue_requests`,
      'The total number of requests that have entered the queue',
    ),
    queueSeconds: registry.histogram(
      `${prefix}_queue_latency_seconds`,
      'The distribution of durations that requests have spent in the queue',
      [],
      [0.0005, 0.005, 0.05, 0.5, 1, 3],
    ),
    gateOpen: registry.counter(
      `${prefix}_queue_gate_open`,
      'The total number of times the queue has been opened for traffic',
    ),
    gateShut: registry.counter(
      `${prefix}_queue_gate_shut`,
      'The total number of times the queue has been shut to traffic',
    ),
    gateOpenTime: registry.gauge(
      `${prefix}_queue_gate_open_time_seconds`,
      'The unix time when the gate was last opened',
    ),
    gateShutTime: registry.gauge(
      `${prefix}_queue_gate_shut_time_seconds`,
      'The unix time when the gate was last shut',
    ),
    gateTimeout: registry.gauge(
      `${prefix}_queue_gate_timeout_seconds`,
      'The time the gate waits before it is shut',
    ),
  };
}

export type BalancerFamilies = ReturnType<typeof balancerFamilies>;
