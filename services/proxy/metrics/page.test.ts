import { describe, expect, it } from 'vitest';
import { samplesOf, totalOf } from '../outbound/dispatch.testing.ts';
import { BalancerSeries } from './balancer-series.ts';
import { registerBuildInfo } from './build-series.ts';
import { createFamilies, type Families } from './families.ts';
import { HttpSeries, MAX_OUTCOMES } from './http-series.ts';
import { readPage } from './page.testing.ts';
import { registerProcessMetrics } from './process-series.ts';
import { InboundRouteSeries, OutboundBackendSeries, OutboundRouteSeries } from './route-series.ts';
import { TcpSeries, transferCostOf } from './tcp-series.ts';

const LABELS = { direction: 'inbound', odd: 'a"b\\c\nd,e="}' };
const PLAIN = { status: 200, success: true, grpcStatus: '', error: '' };

/** Families in which everything has been counted that there is. */
function createCountedFamilies(): Families {
  const families = createFamilies();
  registerProcessMetrics(families.modern);
  registerBuildInfo(families);
  const http = new HttpSeries(families, LABELS);
  for (const latency of [0.5, 7, 99_000]) http.of(PLAIN).latencyMs.observe(latency);
  new TcpSeries(families, LABELS, transferCostOf(families, 'local'));
  for (const balancer of [families.httpBalancer, families.tcpBalancer]) {
    const series = new BalancerSeries(balancer, LABELS);
    series.setEndpoints(1, 2);
    series.countUpdate('add');
    series.queueSeconds.observe(0.01);
  }
  for (const isGrpc of [false, true]) {
    const outbound = isGrpc ? families.outboundGrpc : families.outboundHttp;
    const inbound = new InboundRouteSeries(
      isGrpc ? families.inboundGrpc : families.inboundHttp,
      LABELS,
      isGrpc,
    );
    const route = new OutboundRouteSeries(outbound, { route: LABELS, hostname: '' }, isGrpc);
    const backend = new OutboundBackendSeries(outbound, LABELS, isGrpc);
    for (const { statuses } of [inbound, route, backend]) statuses.count(PLAIN, '');
  }
  for (const value of Object.values(families)) {
    if ('with' in value && value.size === 0) value.with(LABELS);
  }
  return families;
}

describe('the page of metrics', () => {
  it('reads strictly, with every label as it was and everything counted', () => {
    const families = createCountedFamilies();
    const page = readPage(families.legacy.render() + families.modern.render());
    const latency = page.get('response_latency_ms');
    expect(latency).toMatchObject({ type: 'histogram' });
    expect(
      latency?.samples.get(
        'response_latency_ms_count{direction="inbound",odd="a\\"b\\\\c\\nd,e=\\"}",status_code="200"}',
      ),
    ).toBe(3);
    expect(page.get('process_cpu_seconds')).toMatchObject({ type: 'counter', unit: 'seconds' });
    expect([...(page.get('process_cpu_seconds')?.samples.keys() ?? [])]).toEqual([
      'process_cpu_seconds_total',
    ]);
    expect(page.size).toBeGreaterThan(90);
  });

  it('has the names, types and buckets of the sheet', () => {
    const families = createCountedFamilies();
    const text = families.legacy.render() + families.modern.render();
    const page = readPage(text);
    const missing = SHEET.split(/\s+/).filter((entry) => {
      const [name = '', type] = entry.split(':');
      const expected = type === 'g' ? 'gauge' : type === 'h' ? 'histogram' : 'counter';
      return page.get(name)?.type !== expected;
    });
    expect(missing).toEqual([]);
    for (const [name, bounds] of Object.entries(BUCKETS)) {
      const found = [...text.matchAll(new RegExp(`^${name}_bucket\\{.*?le="([^"]+)"\\}`, 'gm'))].map(
        (match) => match[1],
      );
      const written = isNew(name) ? bounds.replace(/(?<![.\d])\d+(?![.\d])/g, '$&.0') : bounds;
      expect([name, found.join(',')]).toEqual([name, `${written},+Inf`]);
    }
  });

  it('says what program it is', () => {
    const { samples } = readPage(createCountedFamilies().modern.render()).get('proxy_build_info')!;
    expect([...samples.keys()]).toEqual([
      expect.stringMatching(
        /^proxy_build_info\{date="",git_sha="",profile="release",vendor="linkerd-ts",version="\d+\.\d+\.\d+"\}$/,
      ),
    ]);
  });
});

/** Facts sheet proxy-metrics, sections 3 to 9: what belongs to what exists. */
const SHEET = `request_total response_total response_latency_ms:h control_request_total control_response_total
control_response_latency_ms:h tcp_open_total tcp_open_connections:g tcp_read_bytes_total tcp_write_bytes_total
tcp_close_total inbound_http_authz_allow_total inbound_http_authz_deny_total inbound_http_route_not_found_total
inbound_tcp_authz_allow_total inbound_tcp_authz_deny_total inbound_tcp_authz_terminate_total inbound_http_errors_total
inbound_tcp_errors_total outbound_http_errors_total outbound_tcp_errors_total
inbound_tcp_detect_http_duration_seconds:h inbound_tcp_detect_http_results inbound_tcp_transport_header_connections
inbound_http_requests inbound_grpc_requests inbound_http_request_frame_size_bytes:h
inbound_http_response_frame_size_bytes:h inbound_http_request_duration_seconds:h
inbound_http_response_duration_seconds:h inbound_http_statuses inbound_grpc_statuses
outbound_tcp_protocol_connections outbound_tcp_detect_http_duration_seconds:h outbound_tcp_detect_http_results
outbound_http_route_request_duration_seconds:h outbound_grpc_route_request_duration_seconds:h
outbound_http_route_request_statuses outbound_http_route_request_frame_size_bytes:h
outbound_http_route_backend_requests outbound_http_route_backend_response_duration_seconds:h
outbound_http_route_backend_response_statuses outbound_http_route_backend_response_frame_size_bytes:h
outbound_tcp_route_open outbound_tcp_route_close outbound_tcp_transfer_cost_bytes
outbound_http_balancer_endpoints:g outbound_http_balancer_p2c_endpoints:g outbound_http_balancer_p2c_updates
outbound_http_balancer_queue_length:g outbound_http_balancer_queue_requests
outbound_http_balancer_queue_latency_seconds:h outbound_http_balancer_queue_gate_open
outbound_http_balancer_queue_gate_shut outbound_http_balancer_queue_gate_open_time_seconds:g
outbound_http_balancer_queue_gate_shut_time_seconds:g outbound_http_balancer_queue_gate_timeout_seconds:g
opentelemetry_span_export_streams opentelemetry_span_export_requests opentelemetry_span_exports
outbound_tcp_balancer_endpoints:g control_dns_resolutions control_identity_cert_expiration_timestamp_seconds:g
control_identity_cert_refresh_timestamp_seconds:g control_identity_cert_refreshes process_start_time_seconds:g
process_uptime_seconds process_cpu_seconds process_virtual_memory_bytes:g process_resident_memory_bytes:g
process_open_fds:g process_max_fds:g process_threads:g process_network_receive_bytes process_network_transmit_bytes
proxy_build_info:g`;

/** The newer families write their bounds as OpenMetrics wants them. */
function isNew(name: string): boolean {
  return /^(in|out)bound_/.test(name);
}

const BUCKETS = {
  response_latency_ms:
    '1,2,3,4,5,10,20,30,40,50,100,200,300,400,500,1000,2000,3000,4000,5000,10000,20000,30000,40000,50000',
  inbound_tcp_detect_http_duration_seconds: '0.001,0.1',
  inbound_http_request_frame_size_bytes: '128,1024,10240',
  inbound_http_request_duration_seconds: '0.025,0.05,0.1,0.25,0.5,1,10',
  inbound_http_response_duration_seconds: '0.05,0.5,1,10',
  outbound_http_route_request_duration_seconds: '0.05,0.5,1,10',
  outbound_http_route_backend_response_duration_seconds: '0.025,0.05,0.1,0.25,0.5,1,10',
  outbound_http_balancer_queue_latency_seconds: '0.0005,0.005,0.05,0.5,1,3',
};

describe('what others choose', () => {
  it('makes no more than so many series of an endpoint; the others are counted together', () => {
    const families = createFamilies();
    const http = new HttpSeries(families, { direction: 'outbound', target_ip: '10.0.0.1' });
    const route = new InboundRouteSeries(families.inboundHttp, { route_name: 'x' }, false);
    for (let i = 0; i < 10 * MAX_OUTCOMES; i++) {
      const outcome = { status: 100 + (i % 900), success: false, grpcStatus: '', error: `code ${i}` };
      http.of(outcome).total.inc();
      http.plain(100 + (i % 900)).total.inc();
      route.statuses.count(outcome, outcome.error);
    }
    expect(Object.keys(samplesOf(families, 'response_total'))).toHaveLength(MAX_OUTCOMES + 1);
    expect(samplesOf(families, 'response_total')['direction="outbound",overflow="true"']).toBeGreaterThan(
      1000,
    );
    expect(totalOf(families, 'response_total')).toBe(20 * MAX_OUTCOMES);
    expect(Object.keys(samplesOf(families, 'inbound_http_statuses_total'))).toHaveLength(MAX_OUTCOMES + 1);
    expect(totalOf(families, 'inbound_http_statuses_total')).toBe(10 * MAX_OUTCOMES);
    expect(samplesOf(families, 'proxy_metrics_series_overflow_total')).toEqual({
      'family="response_total"': 1,
      'family="response_latency_ms"': 1,
      'family="inbound_http_statuses"': 1,
    });
  });

  it('cannot make a family take more label sets than are allowed', () => {
    const families = createFamilies({ maxSeries: 50 });
    for (let i = 0; i < 500; i++)
      new HttpSeries(families, { direction: 'inbound', client_id: `${i}` }).requests.inc();
    expect(Object.keys(samplesOf(families, 'request_total'))).toHaveLength(51);
    expect(samplesOf(families, 'request_total')['direction="inbound",overflow="true"']).toBe(450);
    expect(samplesOf(families, 'proxy_metrics_series_overflow_total')).toEqual({
      'family="request_total"': 450,
    });
  });
});

it('two balancers of one backend add up in its gauges', () => {
  const families = createFamilies();
  const [http1, http2] = [1, 2].map(() => new BalancerSeries(families.httpBalancer, { backend_name: 'web' }));
  http1?.setEndpoints(2, 1);
  http2?.setEndpoints(3, 0);
  http1?.queueLength.set(4);
  http2?.queueLength.set(0);
  http1?.setEndpoints(0, 0);
  expect(samplesOf(families, 'outbound_http_balancer_p2c_endpoints')).toEqual({ 'backend_name="web"': 3 });
  expect(samplesOf(families, 'outbound_http_balancer_queue_length')).toEqual({ 'backend_name="web"': 4 });
});
