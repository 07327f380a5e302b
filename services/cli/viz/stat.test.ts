import { describe, expect, test } from 'vitest';
import { parseLabelSelector } from '../mesh/label-selector.ts';
import { parseStatQuery, type StatQueryInput } from './stat-query.ts';
import { buildStatRows } from './stat-rows.ts';
import { describeStatRows, renderStatTables } from './stat-table.ts';
import { pods, readings, services } from './testing/shop.ts';

function query(resources: string, more: Partial<StatQueryInput> = {}) {
  return parseStatQuery({
    resources: resources.split(' '),
    namespace: 'shop',
    allNamespaces: false,
    selector: parseLabelSelector(''),
    unmeshed: false,
    ...more,
  });
}

function rows(resources: string, more: Partial<StatQueryInput> = {}) {
  return buildStatRows(query(resources, more), { pods, services, readings });
}

function table(resources: string, more: Partial<StatQueryInput> = {}, wide = false): string {
  const options = { withNamespace: more.allNamespaces === true, wide };
  return `\n${renderStatTables(rows(resources, more), options)}`;
}

describe('viz stat', () => {
  test('shows what deployments receive', () => {
    expect(table('deploy')).toBe(`
NAME      MESHED   SUCCESS      RPS   LATENCY_P50   LATENCY_P95   LATENCY_P99   TCP_CONN
store        1/1         -        -             -             -             -          3
traffic      1/1         -        -             -             -             -          -
web          2/2    90.00%   5.0rps           1ms          18ms          20ms          3
`);
  });

  test('shows the phase of pods, the namespace with -A, and bytes when wide', () => {
    expect(table('po', { namespace: 'linkerd' })).toMatch(
      /^NAME +STATUS {3}MESHED .*\nlinkerd-destination-8c-fffff {3}Running {6}1\/1/m,
    );
    expect(
      table('deploy', { allNamespaces: true, selector: parseLabelSelector('app in (web,linkerd)') }, true),
    ).toBe(`
NAMESPACE   NAME                  MESHED   SUCCESS      RPS   LATENCY_P50   LATENCY_P95   LATENCY_P99   TCP_CONN   READ_BYTES/SEC   WRITE_BYTES/SEC
linkerd     linkerd-destination      1/1         -        -             -             -             -          -                -                 -
shop        web                      2/2    90.00%   5.0rps           1ms          18ms          20ms          3        1000.0B/s          250.0B/s
`);
  });

  test('names the kind when there are several', () => {
    expect(table('deploy/web ns/linkerd')).toBe(`
NAME             MESHED   SUCCESS      RPS   LATENCY_P50   LATENCY_P95   LATENCY_P99   TCP_CONN
deployment/web      2/2    90.00%   5.0rps           1ms          18ms          20ms          3

NAME                MESHED   SUCCESS   RPS   LATENCY_P50   LATENCY_P95   LATENCY_P99   TCP_CONN
namespace/linkerd      1/1         -     -             -             -             -          -
`);
  });

  test('counts on the side of the sender for a service, --to and --from', () => {
    expect(table('svc')).toBe(`
NAME    MESHED   SUCCESS      RPS   LATENCY_P50   LATENCY_P95   LATENCY_P99   TCP_CONN
store        -         -        -             -             -             -          3
web          -   100.00%   4.0rps           2ms           2ms           2ms          1
`);
    const to = table('deploy', { to: 'svc/web' });
    expect(to).toMatch(/\ntraffic +1\/1 +100.00% +4.0rps +2ms/);
    expect(to).not.toContain('store');
    const from = table('deploy', { from: 'deploy/traffic' });
    expect(from).toMatch(/\nweb +2\/2 +100.00% +4.0rps/);
    expect(from).toMatch(/\noutsider +0\/1 +- +- +- +- +- +1\n/);
    expect(from).not.toContain('\ntraffic');
  });

  test('shows unmeshed workloads on request, and counts pods with a proxy against all', () => {
    expect(table('deploy/outsider')).not.toContain('outsider');
    expect(table('deploy/outsider', { unmeshed: true })).toMatch(/\noutsider +0\/1 +-/);
    expect(table('ns/shop')).toMatch(/\nshop +4\/5 +90.00%/);
  });

  test('has numbers for programs, and null where there is no traffic', () => {
    expect(describeStatRows(rows('deploy/web deploy/store'))).toEqual([
      {
        namespace: 'shop',
        kind: 'deployment',
        name: 'web',
        meshed: '2/2',
        success: 0.9,
        rps: 5,
        latency_ms_p50: 1,
        latency_ms_p95: 18,
        latency_ms_p99: 20,
        tcp_open_connections: 3,
        tcp_read_bytes_rate: 1000,
        tcp_write_bytes_rate: 250,
      },
      {
        namespace: 'shop',
        kind: 'deployment',
        name: 'store',
        meshed: '1/1',
        success: null,
        rps: null,
        latency_ms_p50: null,
        latency_ms_p95: null,
        latency_ms_p99: null,
        tcp_open_connections: 3,
        tcp_read_bytes_rate: 0,
        tcp_write_bytes_rate: 0,
      },
    ]);
  });

  test.each([
    ['deploy/web', { allNamespaces: true }, 'by name across all namespaces'],
    ['deploy', { to: 'svc/web', from: 'deploy/web' }, 'mutually exclusive'],
    ['deploy', { from: 'svc/web' }, 'a service sends no requests'],
    ['svc', { to: 'deploy/web' }, 'a service sends no requests'],
  ])('refuses %s with %j', (resources, more, complaint) => {
    expect(() => query(resources, more)).toThrow(complaint);
  });
});
