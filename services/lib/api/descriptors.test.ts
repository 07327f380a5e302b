import type { DescFile, DescMessage, DescMethod } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import { destination, identity, inbound, otlpTrace, otlpTraceService, outbound, tap } from './index.ts';

/** Every field of every message of a file as `number type name`; names of its own package are cut. */
function describeMessages(file: DescFile): Record<string, string[]> {
  const table: Record<string, string[]> = {};
  const add = (message: DescMessage) => {
    table[cutPackage(message.typeName, file)] = message.fields.map(
      (field) => `${field.number} ${describeType(field, file)} ${field.name}${describeOneof(field)}`,
    );
    message.nestedMessages.forEach(add);
  };
  file.messages.forEach(add);
  return table;
}

type DescField = DescMessage['fields'][number];

function describeType(field: DescField, file: DescFile): string {
  const message = field.message && cutPackage(field.message.typeName, file);
  switch (field.fieldKind) {
    case 'message':
      return message ?? '';
    case 'list':
      return `repeated ${message ?? 'scalar'}`;
    case 'map':
      return 'map';
    case 'enum':
      return field.enum.name;
    case 'scalar':
      return SCALARS[field.scalar] ?? `scalar${field.scalar}`;
  }
}

/** Source: the numbers of google.protobuf.FieldDescriptorProto.Type. */
const SCALARS: Readonly<Record<number, string>> = {
  1: 'double',
  2: 'float',
  6: 'fixed64',
  7: 'fixed32',
  8: 'bool',
  9: 'string',
  12: 'bytes',
  13: 'u32',
};

function describeOneof(field: DescField): string {
  return field.oneof === undefined ? '' : ` of ${field.oneof.name}`;
}

function cutPackage(typeName: string, file: DescFile): string {
  return typeName
    .replace(`${file.proto.package}.`, '')
    .replace('io.linkerd.proxy.', '')
    .replace('google.protobuf.', '');
}

const ROUTE_DISTRIBUTION = (route: string) => ({
  [`${route}.Distribution`]: [
    `1 ${route}.Distribution.Empty empty of kind`,
    `2 ${route}.Distribution.FirstAvailable first_available of kind`,
    `3 ${route}.Distribution.RandomAvailable random_available of kind`,
  ],
  [`${route}.Distribution.Empty`]: [],
  [`${route}.Distribution.FirstAvailable`]: [`1 repeated ${route}.RouteBackend backends`],
  [`${route}.Distribution.RandomAvailable`]: [`1 repeated ${route}.WeightedRouteBackend backends`],
  [`${route}.WeightedRouteBackend`]: [`1 ${route}.RouteBackend backend`, '2 u32 weight'],
});

const REQUEST_RULE = (route: string, match: string) => ({
  [`${route}.Rule`]: [
    `1 repeated ${match} matches`,
    `2 repeated ${route}.Filter filters`,
    `3 ${route}.Distribution backends`,
    '4 Duration requestTimeout',
    '5 http_route.Timeouts timeouts',
    `6 ${route}.Retry retry`,
    '7 bool allow_l5d_request_headers',
  ],
  [`${route}.Retry`]: [
    '1 u32 max_retries',
    '2 u32 max_request_bytes',
    `3 ${route}.Retry.Conditions conditions`,
    '4 Duration timeout',
    '5 ExponentialBackoff backoff',
  ],
  [`${route}.RouteBackend`]: [
    '1 Backend backend',
    `3 repeated ${route}.Filter filters`,
    '4 Duration requestTimeout',
  ],
});

const CONNECTION_RULE = (route: string) => ({
  [`${route}.Rule`]: [`1 ${route}.Distribution backends`, `2 repeated ${route}.Filter filters`],
  [`${route}.Filter`]: [
    '1 opaque_route.Invalid invalid of kind',
    '2 opaque_route.Forbidden forbidden of kind',
  ],
  [`${route}.RouteBackend`]: ['1 Backend backend', `3 repeated ${route}.Filter filters`],
});

test('outbound has the messages and numbers of the sheet', () => {
  expect(describeMessages(outbound.file_outbound)).toEqual({
    TrafficSpec: [
      '1 string source_workload',
      '2 net.TcpAddress addr of target',
      '3 string authority of target',
    ],
    OutboundPolicy: ['1 ProxyProtocol protocol', '2 meta.Metadata metadata'],
    ProxyProtocol: [
      '1 ProxyProtocol.Detect detect of kind',
      '2 ProxyProtocol.Opaque opaque of kind',
      '3 ProxyProtocol.Http1 http1 of kind',
      '4 ProxyProtocol.Http2 http2 of kind',
      '5 ProxyProtocol.Grpc grpc of kind',
      '6 ProxyProtocol.Tls tls of kind',
    ],
    'ProxyProtocol.Detect': [
      '1 Duration timeout',
      '2 ProxyProtocol.Opaque opaque',
      '3 ProxyProtocol.Http1 http1',
      '4 ProxyProtocol.Http2 http2',
    ],
    'ProxyProtocol.Opaque': ['1 repeated OpaqueRoute routes'],
    'ProxyProtocol.Http1': ['1 repeated HttpRoute routes', '2 FailureAccrual failure_accrual'],
    'ProxyProtocol.Http2': ['1 repeated HttpRoute routes', '2 FailureAccrual failure_accrual'],
    'ProxyProtocol.Grpc': ['1 repeated GrpcRoute routes', '2 FailureAccrual failure_accrual'],
    'ProxyProtocol.Tls': ['1 repeated TlsRoute routes'],
    HttpRoute: [
      '1 meta.Metadata metadata',
      '2 repeated http_route.HostMatch hosts',
      '3 repeated HttpRoute.Rule rules',
    ],
    ...REQUEST_RULE('HttpRoute', 'http_route.HttpRouteMatch'),
    ...ROUTE_DISTRIBUTION('HttpRoute'),
    'HttpRoute.Filter': [
      '1 http_route.HttpFailureInjector failure_injector of kind',
      '2 http_route.RequestHeaderModifier request_header_modifier of kind',
      '3 http_route.RequestRedirect redirect of kind',
      '4 http_route.ResponseHeaderModifier response_header_modifier of kind',
    ],
    'HttpRoute.Retry.Conditions': ['1 repeated HttpRoute.Retry.Conditions.StatusRange status_ranges'],
    'HttpRoute.Retry.Conditions.StatusRange': ['1 u32 start', '2 u32 end'],
    GrpcRoute: [
      '1 meta.Metadata metadata',
      '2 repeated http_route.HostMatch hosts',
      '3 repeated GrpcRoute.Rule rules',
    ],
    ...REQUEST_RULE('GrpcRoute', 'grpc_route.GrpcRouteMatch'),
    ...ROUTE_DISTRIBUTION('GrpcRoute'),
    'GrpcRoute.Filter': [
      '1 grpc_route.GrpcFailureInjector failure_injector of kind',
      '2 http_route.RequestHeaderModifier request_header_modifier of kind',
    ],
    'GrpcRoute.Retry.Conditions': [
      '1 bool cancelled',
      '4 bool deadine_exceeded',
      '8 bool resource_exhausted',
      '13 bool internal',
      '14 bool unavailable',
    ],
    OpaqueRoute: ['1 meta.Metadata metadata', '3 repeated OpaqueRoute.Rule rules'],
    ...CONNECTION_RULE('OpaqueRoute'),
    ...ROUTE_DISTRIBUTION('OpaqueRoute'),
    TlsRoute: [
      '1 meta.Metadata metadata',
      '2 repeated tls_route.SniMatch snis',
      '3 repeated TlsRoute.Rule rules',
    ],
    ...CONNECTION_RULE('TlsRoute'),
    ...ROUTE_DISTRIBUTION('TlsRoute'),
    Backend: [
      '1 meta.Metadata metadata',
      '2 destination.WeightedAddr forward of kind',
      '3 Backend.BalanceP2c balancer of kind',
      '4 Queue queue',
    ],
    'Backend.EndpointDiscovery': ['1 Backend.EndpointDiscovery.DestinationGet dst of kind'],
    'Backend.EndpointDiscovery.DestinationGet': ['1 string path'],
    'Backend.BalanceP2c': [
      '1 Backend.EndpointDiscovery discovery',
      '2 Backend.BalanceP2c.PeakEwma peak_ewma of load',
      '3 Backend.BalanceP2c.PenaltyPeakEwma penalty_peak_ewma of load',
    ],
    'Backend.BalanceP2c.PeakEwma': ['1 Duration default_rtt', '2 Duration decay'],
    'Backend.BalanceP2c.PenaltyPeakEwma': [
      '1 Duration default_rtt',
      '2 Duration decay',
      '3 Duration penalty',
      '4 Duration max_retry_after',
      '5 Duration penalty_decay',
    ],
    Queue: ['1 u32 capacity', '2 Duration failfast_timeout'],
    FailureAccrual: [
      '1 FailureAccrual.ConsecutiveFailures consecutive_failures of kind',
      '2 FailureAccrual.Unified unified of kind',
      '3 EjectionConfig ejection',
    ],
    'FailureAccrual.ConsecutiveFailures': ['1 u32 max_failures', '2 ExponentialBackoff backoff'],
    'FailureAccrual.Unified': [
      '1 double success_rate_threshold',
      '2 Duration decay',
      '3 u32 min_requests',
      '4 u32 max_consecutive_failures',
      '5 ExponentialBackoff backoff',
    ],
    EjectionConfig: ['1 u32 min_ready_endpoints'],
    ExponentialBackoff: [
      '1 Duration min_backoff',
      '2 Duration max_backoff',
      '3 float jitter_ratio',
      '4 bool respect_retry_after_hint',
    ],
  });
});

test('inbound has the messages and numbers of the sheet', () => {
  const route = (name: string) => [
    '1 meta.Metadata metadata',
    '2 repeated http_route.HostMatch hosts',
    '3 repeated Authz authorizations',
    `4 repeated ${name}.Rule rules`,
  ];
  expect(describeMessages(inbound.file_inbound)).toEqual({
    PortSpec: ['1 string workload', '2 u32 port'],
    Server: [
      '1 ProxyProtocol protocol',
      '2 repeated net.IPAddress server_ips',
      '3 repeated Authz authorizations',
      '4 map labels',
    ],
    ProxyProtocol: [
      '1 ProxyProtocol.Detect detect of kind',
      '2 ProxyProtocol.Opaque opaque of kind',
      '3 ProxyProtocol.Tls tls of kind',
      '4 ProxyProtocol.Http1 http1 of kind',
      '5 ProxyProtocol.Http2 http2 of kind',
      '6 ProxyProtocol.Grpc grpc of kind',
    ],
    'ProxyProtocol.Detect': [
      '1 Duration timeout',
      '3 repeated HttpRoute http_routes',
      '4 HttpLocalRateLimit http_local_rate_limit',
    ],
    'ProxyProtocol.Opaque': [],
    'ProxyProtocol.Tls': [],
    'ProxyProtocol.Http1': ['2 repeated HttpRoute routes', '3 HttpLocalRateLimit local_rate_limit'],
    'ProxyProtocol.Http2': ['2 repeated HttpRoute routes', '3 HttpLocalRateLimit local_rate_limit'],
    'ProxyProtocol.Grpc': ['2 repeated GrpcRoute routes'],
    Authz: [
      '1 repeated Network networks',
      '2 Authn authentication',
      '3 map labels',
      '4 meta.Metadata metadata',
    ],
    Network: ['1 net.IPNetwork net', '2 repeated net.IPNetwork except'],
    Authn: [
      '1 Authn.PermitUnauthenticated unauthenticated of permit',
      '2 Authn.PermitMeshTLS meshTLS of permit',
    ],
    'Authn.PermitUnauthenticated': [],
    'Authn.PermitMeshTLS': [
      '1 Authn.PermitUnauthenticated unauthenticated of clients',
      '2 Authn.PermitMeshTLS.PermitClientIdentities identities of clients',
    ],
    'Authn.PermitMeshTLS.PermitClientIdentities': [
      '1 repeated Identity identities',
      '2 repeated IdentitySuffix suffixes',
    ],
    Identity: ['1 string name'],
    IdentitySuffix: ['1 repeated scalar parts'],
    HttpRoute: route('HttpRoute'),
    'HttpRoute.Rule': ['1 repeated http_route.HttpRouteMatch matches', '2 repeated HttpRoute.Filter filters'],
    'HttpRoute.Filter': [
      '1 http_route.HttpFailureInjector failure_injector of kind',
      '2 http_route.RequestHeaderModifier request_header_modifier of kind',
      '3 http_route.RequestRedirect redirect of kind',
    ],
    GrpcRoute: route('GrpcRoute'),
    'GrpcRoute.Rule': ['1 repeated grpc_route.GrpcRouteMatch matches', '2 repeated GrpcRoute.Filter filters'],
    'GrpcRoute.Filter': [
      '1 grpc_route.GrpcFailureInjector failure_injector of kind',
      '2 http_route.RequestHeaderModifier request_header_modifier of kind',
    ],
    HttpLocalRateLimit: [
      '1 meta.Metadata metadata',
      '2 HttpLocalRateLimit.Limit total',
      '3 HttpLocalRateLimit.Limit identity',
      '4 repeated HttpLocalRateLimit.Override overrides',
    ],
    'HttpLocalRateLimit.Limit': ['1 u32 requestsPerSecond'],
    'HttpLocalRateLimit.Override': [
      '1 HttpLocalRateLimit.Limit limit',
      '2 HttpLocalRateLimit.Override.ClientIdentities clients',
    ],
    'HttpLocalRateLimit.Override.ClientIdentities': ['1 repeated Identity identities'],
  });
});

test('what is exported of traces has the messages and numbers of OpenTelemetry', () => {
  expect(describeMessages(otlpTrace.file_otlp_trace)).toEqual({
    ResourceSpans: [
      '1 opentelemetry.proto.resource.v1.Resource resource',
      '2 repeated ScopeSpans scope_spans',
    ],
    ScopeSpans: ['1 opentelemetry.proto.common.v1.InstrumentationScope scope', '2 repeated Span spans'],
    Span: [
      '1 bytes trace_id',
      '2 bytes span_id',
      '3 string trace_state',
      '4 bytes parent_span_id',
      '5 string name',
      '6 SpanKind kind',
      '7 fixed64 start_time_unix_nano',
      '8 fixed64 end_time_unix_nano',
      '9 repeated opentelemetry.proto.common.v1.KeyValue attributes',
      '16 fixed32 flags',
    ],
  });
  const { SERVER, CLIENT } = otlpTrace.Span_SpanKind;
  expect([SERVER, CLIENT]).toEqual([2, 3]);
});

describe('services', () => {
  test.each([
    ['/io.linkerd.proxy.identity.Identity/Certify', identity.Identity.method.certify, 'unary'],
    ['/io.linkerd.proxy.destination.Destination/Get', destination.Destination.method.get, 'server_streaming'],
    [
      '/io.linkerd.proxy.destination.Destination/GetProfile',
      destination.Destination.method.getProfile,
      'server_streaming',
    ],
    [
      '/io.linkerd.proxy.inbound.InboundServerPolicies/GetPort',
      inbound.InboundServerPolicies.method.getPort,
      'unary',
    ],
    [
      '/io.linkerd.proxy.inbound.InboundServerPolicies/WatchPort',
      inbound.InboundServerPolicies.method.watchPort,
      'server_streaming',
    ],
    ['/io.linkerd.proxy.outbound.OutboundPolicies/Get', outbound.OutboundPolicies.method.get, 'unary'],
    [
      '/io.linkerd.proxy.outbound.OutboundPolicies/Watch',
      outbound.OutboundPolicies.method.watch,
      'server_streaming',
    ],
    ['/io.linkerd.proxy.tap.Tap/Observe', tap.Tap.method.observe, 'server_streaming'],
    [
      '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
      otlpTraceService.TraceService.method.export,
      'unary',
    ],
  ] as [string, DescMethod, string][])('%s', (path, method, kind) => {
    expect(`/${method.parent.typeName}/${method.name}`).toBe(path);
    expect(method.methodKind).toBe(kind);
  });
});
