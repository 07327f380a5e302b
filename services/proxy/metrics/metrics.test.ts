import { afterEach, describe, expect, it } from 'vitest';
import { grpcStatusName } from '../http/grpc.ts';
import { samplesOf, totalOf } from '../outbound/dispatch.testing.ts';
import { closeLoopback, connectPlain, Sink, until } from '../transport/loopback.testing.ts';
import { BalancerSeries } from './balancer-series.ts';
import { createFamilies } from './families.ts';
import { HttpSeries } from './http-series.ts';
import {
  acceptTlsLabels,
  authzLabels,
  backendLabels,
  connectTlsLabels,
  inboundRouteLabels,
  outboundRouteLabels,
  parentLabels,
  serverLabels,
  targetLabels,
} from './labels.ts';
import { registerProcessMetrics } from './process-series.ts';
import { TcpSeries, TcpTracker, transferCostOf } from './tcp-series.ts';

afterEach(closeLoopback);

const META = { group: 'core', kind: 'Service', name: 'web', namespace: 'shop', section: 'http', port: 80 };

describe('label groups', () => {
  // Facts sheet proxy-metrics, section 2: the names in their order.
  it.each([
    [
      targetLabels({ host: 'fd00::1', port: 80 }),
      { target_addr: '[fd00::1]:80', target_ip: 'fd00::1', target_port: '80' },
    ],
    [acceptTlsLabels({ kind: 'established', clientId: 'a.b' }), { tls: 'true', client_id: 'a.b' }],
    [acceptTlsLabels({ kind: 'established', clientId: undefined }), { tls: 'true', client_id: '' }],
    [
      acceptTlsLabels({ kind: 'none', reason: 'port_skipped' }),
      { tls: 'no_identity', no_tls_reason: 'port_skipped' },
    ],
    [acceptTlsLabels({ kind: 'passthrough', sni: 'x.y' }), { tls: 'opaque', sni: 'x.y' }],
    [connectTlsLabels('a.b', 'loopback'), { tls: 'true', server_id: 'a.b' }],
    [connectTlsLabels(undefined, 'loopback'), { tls: 'no_identity', no_tls_reason: 'loopback' }],
    [serverLabels(META, 8080), { srv_group: 'core', srv_kind: 'Service', srv_name: 'web', srv_port: '8080' }],
    [inboundRouteLabels(META), { route_group: 'core', route_kind: 'Service', route_name: 'web' }],
    [authzLabels(META), { authz_group: 'core', authz_kind: 'Service', authz_name: 'web' }],
    [
      outboundRouteLabels(META),
      { route_group: 'core', route_kind: 'Service', route_namespace: 'shop', route_name: 'web' },
    ],
    [
      parentLabels(META),
      {
        parent_group: 'core',
        parent_kind: 'Service',
        parent_namespace: 'shop',
        parent_name: 'web',
        parent_port: '80',
        parent_section_name: 'http',
      },
    ],
    [backendLabels({ ...META, port: 0 }), expect.objectContaining({ backend_port: '' })],
  ])('%o', (labels, expected) => {
    expect(labels).toEqual(expected);
    if (!('asymmetricMatch' in expected)) expect(Object.keys(labels)).toEqual(Object.keys(expected));
  });
});

describe('the text of /metrics', () => {
  it('has older families in the Prometheus form, newer ones in OpenMetrics, and none without series', () => {
    const families = createFamilies();
    families.requests.with({ direction: 'inbound' }).inc(3);
    families.protocolConnections.with({ protocol: 'detect' }).inc();
    families.inboundDetectSeconds.with({}).observe(0.05);
    expect(families.legacy.render()).toBe(
      '# HELP request_total Total count of HTTP requests.\n# TYPE request_total counter\nrequest_total{direction="inbound"} 3\n',
    );
    const modern = families.modern.render();
    expect(modern).toContain('# TYPE outbound_tcp_protocol_connections counter\n');
    expect(modern).toContain('outbound_tcp_protocol_connections_total{protocol="detect"} 1\n');
    expect(modern).toContain(
      'inbound_tcp_detect_http_duration_seconds_bucket{le="0.001"} 0\ninbound_tcp_detect_http_duration_seconds_bucket{le="0.1"} 1\n',
    );
    expect(modern.endsWith('# EOF\n')).toBe(true);
  });

  it('names a balancer as upstream does', () => {
    const families = createFamilies();
    const series = new BalancerSeries(families.httpBalancer, { backend_name: 'web' });
    series.setEndpoints(2, 1);
    series.countUpdate('reset');
    expect(samplesOf(families, 'outbound_http_balancer_endpoints')).toEqual({
      'endpoint_state="ready",backend_name="web"': 2,
      'endpoint_state="pending",backend_name="web"': 1,
    });
    expect(samplesOf(families, 'outbound_http_balancer_p2c_endpoints')).toEqual({ 'backend_name="web"': 3 });
    expect(samplesOf(families, 'outbound_http_balancer_p2c_updates_total')).toEqual({
      'op="Reset",backend_name="web"': 1,
    });
  });

  it('classifies responses and leaves the status out where none came', () => {
    const families = createFamilies();
    const series = new HttpSeries(families, { d: 'x' });
    series.plain(499).total.inc();
    series.plain(500).total.inc();
    series.of({ status: 0, success: false, grpcStatus: '', error: 'gone' }).total.inc();
    series.of({ status: 200, success: false, grpcStatus: '14', error: '' }).total.inc();
    expect(Object.keys(samplesOf(families, 'response_total'))).toEqual([
      'd="x",status_code="499",classification="success",grpc_status="",error=""',
      'd="x",status_code="500",classification="failure",grpc_status="",error=""',
      'd="x",classification="failure",grpc_status="",error="gone"',
      'd="x",status_code="200",classification="failure",grpc_status="14",error=""',
    ]);
  });

  it('tells of the process', () => {
    const { modern } = createFamilies();
    registerProcessMetrics(modern);
    const text = modern.render();
    for (const name of [
      'start_time_seconds',
      'cpu_seconds_total',
      'resident_memory_bytes',
      'open_fds',
      'threads',
    ])
      expect(Number(new RegExp(`^process_${name} (\\S+)$`, 'm').exec(text)?.[1])).toBeGreaterThan(0);
  });
});

it('grpcStatusName() knows every status, and says UNKNOWN of what is none', () => {
  expect(['0', '1', '4', '14', '16'].map(grpcStatusName)).toEqual([
    'OK',
    'CANCELLED',
    'DEADLINE_EXCEEDED',
    'UNAVAILABLE',
    'UNAUTHENTICATED',
  ]);
  for (const none of ['', '17', '-1', '1.0', ' ', 'OK']) expect(grpcStatusName(none)).toBe('UNKNOWN');
});

describe('TcpSeries', () => {
  it('counts opening, bytes and closing, also while the connection is open', async () => {
    const families = createFamilies();
    const tracker = new TcpTracker();
    const { client, server } = await connectPlain();
    const sink = new Sink();
    server.receiver = sink;
    const cost = transferCostOf(families, 'remote');
    const series = new TcpSeries(families, { direction: 'inbound', peer: 'src' }, cost);
    series.track(tracker, server);
    client.writeLatin1('hello');
    await until(() => sink.bytes === 5, 'the bytes');
    server.writeLatin1('answer!');
    await new Promise((resolve) => setTimeout(resolve, 20));
    tracker.settleAll();
    tracker.settleAll();
    expect(tracker.size).toBe(1);
    expect(samplesOf(families, 'tcp_open_connections')).toEqual({ 'direction="inbound",peer="src"': 1 });
    expect(totalOf(families, 'tcp_read_bytes_total')).toBe(5);
    expect(totalOf(families, 'tcp_write_bytes_total')).toBe(7);
    expect(samplesOf(families, 'outbound_tcp_transfer_cost_bytes_total')).toEqual({
      'op="Recv",zone_locality="Remote"': 5,
      'op="Send",zone_locality="Remote"': 7,
    });
    client.end();
    await until(() => sink.ended, 'the end');
    server.end();
    await until(() => tracker.size === 0, 'the close');
    expect(totalOf(families, 'tcp_open_connections')).toBe(0);
    expect(samplesOf(families, 'tcp_close_total')).toEqual({ 'direction="inbound",peer="src",errno=""': 1 });
    expect(totalOf(families, 'tcp_read_bytes_total')).toBe(5);
  });

  it('names the error that ended a connection, and never takes bytes back', async () => {
    const families = createFamilies();
    const tracker = new TcpTracker();
    const { client, server } = await connectPlain();
    server.receiver = new Sink();
    new TcpSeries(families, { peer: 'src' }).track(tracker, server);
    client.pause();
    for (let i = 0; i < 40; i++) server.writeOwned(Buffer.alloc(1_000_000));
    await new Promise((resolve) => setTimeout(resolve, 20));
    tracker.settleAll();
    const before = totalOf(families, 'tcp_write_bytes_total');
    client.reset();
    await until(() => tracker.size === 0, 'the close');
    expect(Object.keys(samplesOf(families, 'tcp_close_total'))[0]).toMatch(
      /^peer="src",errno="(ECONNRESET|EPIPE)"$/,
    );
    expect(totalOf(families, 'tcp_write_bytes_total')).toBeGreaterThanOrEqual(before);
  });
});
