import { describe, expect, it } from 'vitest';
import { parseDestinationConfig } from './config.ts';

describe('parseDestinationConfig', () => {
  it('has a default for everything', () => {
    const config = parseDestinationConfig([]);
    expect(config).toMatchObject({
      help: false,
      addr: { host: undefined, port: 8086 },
      adminAddr: { host: undefined, port: 9996 },
      http2Params: { keepAlive: { intervalMs: 10_000, timeoutMs: 3000, whileIdle: true } },
      streamQueueCapacity: 100,
      manifestsDir: undefined,
      settings: {
        controllerNamespace: 'linkerd',
        trustDomain: '',
        clusterDomain: 'cluster.local',
        enableH2Upgrade: true,
        enableIpv6: true,
        forceOpaqueTransport: false,
        zoneWeights: false,
      },
    });
  });

  it('reads the flags as the chart writes them, with one dash or two', () => {
    const config = parseDestinationConfig([
      'destination',
      '-addr=[::1]:0',
      '--metrics-addr',
      '127.0.0.1:1',
      '-controller-namespace=mesh',
      '-outbound-transport-mode=transport-header',
      '-enable-h2-upgrade=false',
      '-enable-endpoint-slices',
      '-enable-ipv6=0',
      '-identity-trust-domain=mesh.local',
      '-cluster-domain=k8s.local',
      '-default-opaque-ports=25,4000-4100',
      '--meshed-http2-client-params={"keep_alive":{"interval":{"seconds":5,"nanos":500000000},"while_idle":false},"internals":{"max_frame_size":16384}}',
      '-manifests',
      '/m',
      '-enable-pprof=false',
      '-log-level=debug',
    ]);
    expect(config).toMatchObject({
      addr: { host: '::1', port: 0 },
      adminAddr: { host: '127.0.0.1', port: 1 },
      manifestsDir: '/m',
      logLevel: 'debug',
      http2Params: { keepAlive: { intervalMs: 5500, whileIdle: false }, internals: { maxFrameSize: 16_384 } },
      settings: {
        controllerNamespace: 'mesh',
        trustDomain: 'mesh.local',
        clusterDomain: 'k8s.local',
        enableH2Upgrade: false,
        enableIpv6: false,
        forceOpaqueTransport: true,
      },
      warnings: [],
    });
    expect(config.settings.defaultOpaquePorts.toString()).toBe('25,4000-4100');
  });

  it('warns and goes on where upstream does', () => {
    const { warnings, settings } = parseDestinationConfig([
      '-outbound-transport-mode=magic',
      '-default-opaque-ports=25,x',
    ]);
    expect(settings.forceOpaqueTransport).toBe(false);
    expect(settings.defaultOpaquePorts.toString()).toBe('25');
    expect(warnings).toEqual([
      '-cluster-domain is not set; cluster.local is used.',
      expect.stringContaining('"x" is neither a port'),
      expect.stringContaining('-outbound-transport-mode is "magic"'),
    ]);
  });

  it.each([
    [['-addr=nowhere'], '-addr is "nowhere"; give it an address'],
    [['-addr=:70000'], '-addr is ":70000"'],
    [['-stream-queue-capacity=0'], '-stream-queue-capacity is "0"; give it a whole number of at least 1'],
    [['-enable-ipv6=maybe'], '-enable-ipv6 is "maybe"; give it true or false'],
    [['-enable-endpoint-slices=false'], '-enable-endpoint-slices is false'],
    [['-cluster-domain=Not A Name'], '-cluster-domain is "Not A Name"'],
    [['-unknown=1'], "'--unknown'"],
    [['-meshed-http2-client-params={'], '-meshed-http2-client-params cannot be used'],
    [
      ['-meshed-http2-client-params={"keep_alive":{"interval":"10s"}}'],
      'intervalMs: the duration is not an object',
    ],
    [['-meshed-http2-client-params={"keepAlive":{}}'], '"keepAlive" is not a field of it'],
  ])('refuses %j', (argv, message) => {
    expect(() => parseDestinationConfig(argv)).toThrow(message);
  });
});
