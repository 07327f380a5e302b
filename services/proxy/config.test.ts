import { describe, expect, it } from 'vitest';
import { readProxyConfig } from './config.ts';

const REQUIRED = {
  IDENTITY_TRUST_ANCHORS: '-----BEGIN CERTIFICATE-----',
  IDENTITY_TOKEN_FILE: '/token',
  IDENTITY_LOCAL_NAME: 'Web.Shop.serviceaccount.identity.linkerd.cluster.local.',
  IDENTITY_SVC_ADDR: 'localhost.:8080',
  DESTINATION_SVC_ADDR: 'linkerd-dst-headless.linkerd.svc.cluster.local.:8086',
  DESTINATION_SVC_NAME: 'linkerd-destination.linkerd.serviceaccount.identity.linkerd.cluster.local',
  POLICY_SVC_ADDR: '127.0.0.1:8090',
  POLICY_WORKLOAD: '{"ns":"shop","pod":"web"}',
};

function read(changes: Record<string, string | undefined> = {}) {
  const env = { ...REQUIRED, ...changes };
  return readProxyConfig(
    Object.fromEntries(Object.entries(env).map(([name, value]) => [`LINKERD2_PROXY_${name}`, value])),
  );
}

describe('readProxyConfig', () => {
  it('has the defaults of the sheet', () => {
    const config = read();
    expect(config).toMatchObject({
      inboundListen: { host: '0.0.0.0', port: 4143 },
      outboundListen: [{ host: '127.0.0.1', port: 4140 }],
      adminListen: { host: '127.0.0.1', port: 4191 },
      inboundPorts: [],
      inboundDefaultPolicy: 'all-unauthenticated',
      clusterNetworks: [],
      profileNetworks: [],
      destinationContext: '',
      controlStream: {},
      shutdownGraceMs: 120_000,
      shutdownEndpointEnabled: false,
      informationalHeaders: true,
      hostnameLabels: false,
      metrics: { retainIdleMs: 600_000, maxSeries: 10_000, authorityLabels: false },
      ingressMode: false,
      gatewaySuffixes: { list: [] },
      profileSuffixes: { list: ['svc.cluster.local'] },
      dns: { minTtlMs: 0, maxTtlMs: Number.POSITIVE_INFINITY },
      accessLog: undefined,
      log: 'warn,linkerd=info,hickory=error',
      logFormat: 'PLAIN',
      warnings: ['LINKERD2_PROXY_INBOUND_DEFAULT_POLICY was not set; using all-unauthenticated'],
    });
    const both = {
      detectTimeoutMs: 10_000,
      acceptKeepAliveMs: 0,
      acceptUserTimeoutMs: 0,
      queueCapacity: 10_000,
      tcpQueueCapacity: 10_000,
      tcpFailfastTimeoutMs: 3000,
      maxInFlight: 100_000,
      poolIdleTimeoutMs: 3000,
      maxIdlePerEndpoint: 10_000,
      listenBacklog: undefined,
      serverHttp2: {
        keepAlive: undefined,
        maxConcurrentStreams: undefined,
        windows: { streamBytes: 65_535, connectionBytes: 1_048_576 },
        maxHeaderListBytes: 16_384,
        maxFrameBytes: 16_384,
        maxResets: 1000,
      },
      clientWindows: { streamBytes: 65_535, connectionBytes: 1_048_576 },
    };
    expect(config.inbound).toEqual({
      ...both,
      connect: { timeoutMs: 300, keepAliveMs: 0, userTimeoutMs: 0 },
      backoff: { minMs: 100, maxMs: 10_000, jitter: 0.1 },
      failfastTimeoutMs: 1000,
      discoveryIdleTimeoutMs: 90_000,
    });
    expect(config.outbound).toEqual({
      ...both,
      connect: { timeoutMs: 1000, keepAliveMs: 0, userTimeoutMs: 0 },
      backoff: { minMs: 100, maxMs: 60_000, jitter: 0.1 },
      failfastTimeoutMs: 3000,
      discoveryIdleTimeoutMs: 5000,
    });
    expect(config.identity).toMatchObject({
      localName: 'web.shop.serviceaccount.identity.linkerd.cluster.local',
      minRefreshMs: 10_000,
      maxRefreshMs: 86_400_000,
    });
  });

  it('reads what the chart sets', () => {
    const config = read({
      INBOUND_LISTEN_ADDR: '[::]:4143',
      OUTBOUND_LISTEN_ADDR: '127.0.0.1:4140',
      OUTBOUND_LISTEN_ADDRS: '127.0.0.1:4140,[::1]:4140',
      INBOUND_IPS: '10.0.0.7,fd00::7',
      INBOUND_PORTS: '80,8080-8081',
      INBOUND_PORTS_DISABLE_PROTOCOL_DETECTION: '25,4444',
      INBOUND_ACCEPT_KEEPALIVE: '10000ms',
      OUTBOUND_CONNECT_USER_TIMEOUT: '30s',
      INBOUND_CONNECT_TIMEOUT: '100ms',
      CONTROL_STREAM_INITIAL_TIMEOUT: '3s',
      CONTROL_STREAM_IDLE_TIMEOUT: '5m',
      CONTROL_STREAM_LIFETIME: '1h',
      POLICY_CLUSTER_NETWORKS: '10.0.0.0/8,fd00::/8',
      INBOUND_DEFAULT_POLICY: 'cluster-authenticated',
      OUTBOUND_DISABLE_INFORMATIONAL_HEADERS: 'true',
      INBOUND_SERVER_HTTP2_KEEP_ALIVE_INTERVAL: '10s',
      INBOUND_SERVER_HTTP2_KEEP_ALIVE_TIMEOUT: '3s',
      OUTBOUND_SERVER_HTTP2_KEEP_ALIVE_TIMEOUT: '3s',
      MAX_IDLE_CONNS_PER_ENDPOINT: '5',
      OUTBOUND_MAX_IDLE_CONNS_PER_ENDPOINT: '6',
    });
    expect(config.outboundListen).toEqual([
      { host: '127.0.0.1', port: 4140 },
      { host: '::1', port: 4140 },
    ]);
    expect([...config.inboundIps]).toEqual(['10.0.0.7', 'fd00::7']);
    expect(config.inboundPorts).toEqual([80, 8080, 8081]);
    expect(config.inboundOpaquePorts.has(4444)).toBe(true);
    expect(config.inbound.acceptKeepAliveMs).toBe(10_000);
    expect(config.outbound.connect.userTimeoutMs).toBe(30_000);
    expect(config.controlStream).toEqual({ initialMs: 3000, idleMs: 300_000, lifetimeMs: 3_600_000 });
    expect(config.inboundDefaultPolicy).toBe('cluster-authenticated');
    expect(config.warnings).toEqual([]);
    expect(config.informationalHeaders).toBe(false);
    expect(config.inbound.serverHttp2.keepAlive).toEqual({ intervalMs: 10_000, timeoutMs: 3000 });
    expect(config.outbound.serverHttp2.keepAlive).toBeUndefined();
    expect(config.inbound.maxIdlePerEndpoint).toBe(5);
    expect(config.outbound.maxIdlePerEndpoint).toBe(6);
  });

  it('speaks plaintext to loopback, and mTLS with an expected identity to everybody else', () => {
    const config = read({ POLICY_SVC_NAME: 'ignored.for.loopback' });
    expect(config.identity.service).toEqual({ host: 'localhost.', port: 8080, identity: undefined });
    expect(config.policy).toEqual({ host: '127.0.0.1', port: 8090, identity: undefined });
    expect(config.destination.identity).toBe(REQUIRED.DESTINATION_SVC_NAME);
    expect(() => read({ POLICY_SVC_ADDR: '127.example.com:8090' })).toThrow(
      'LINKERD2_PROXY_POLICY_SVC_NAME is required because LINKERD2_PROXY_POLICY_SVC_ADDR is not a loopback address',
    );
  });

  it.each(Object.keys(REQUIRED).filter((name) => !name.endsWith('_SVC_NAME')))('requires %s', (name) => {
    expect(() => read({ [name]: undefined })).toThrow(`LINKERD2_PROXY_${name} is required and not set`);
  });

  it.each([
    ['INBOUND_LISTEN_ADDR', 'localhost:4143', 'is not an address such as 0.0.0.0:4143 or [::]:4143'],
    ['DESTINATION_SVC_ADDR', 'linkerd-dst', 'is not an address such as name.ns.svc.cluster.local.:8086'],
    ['OUTBOUND_DETECT_TIMEOUT', '10', 'is not a duration'],
    ['OUTBOUND_HTTP_QUEUE_CAPACITY', '-1', 'is not a whole number'],
    ['SHUTDOWN_ENDPOINT_ENABLED', 'yes', 'is neither true nor false'],
    ['INBOUND_IPS', '10.0.0.300', 'has a part that is no IP address: "10.0.0.300"'],
    ['INBOUND_PORTS', '80,x', 'has a part that is no port or range: "x"'],
    ['INBOUND_DEFAULT_POLICY', 'allow', 'is none of deny, all-authenticated'],
    ['IDENTITY_LOCAL_NAME', 'not a name', 'is not a DNS name'],
    ['IDENTITY_TRUST_ANCHORS', ' ', 'is empty'],
  ])('refuses %s %s', (name, value, sentence) => {
    expect(() => read({ [name]: value })).toThrow(
      `LINKERD2_PROXY_${name} ${JSON.stringify(value)} ${sentence}`,
    );
  });

  it.each<[string, Record<string, string>, string]>([
    ['half a backoff', { INBOUND_CONNECT_EXP_BACKOFF_MIN: '1s' }, 'INBOUND_CONNECT_EXP_BACKOFF_MIN needs'],
    [
      'a backoff upside down',
      { OUTBOUND_CONNECT_EXP_BACKOFF_MIN: '2s', OUTBOUND_CONNECT_EXP_BACKOFF_MAX: '1s' },
      'OUTBOUND_CONNECT_EXP_BACKOFF_MIN is above',
    ],
    [
      'a cluster policy without networks',
      { INBOUND_DEFAULT_POLICY: 'audit' },
      '"audit" needs LINKERD2_PROXY_POLICY_CLUSTER_NETWORKS',
    ],
    [
      'stream limits out of order',
      { CONTROL_STREAM_INITIAL_TIMEOUT: '10s', CONTROL_STREAM_LIFETIME: '1s' },
      'CONTROL_STREAM_INITIAL_TIMEOUT must not exceed',
    ],
    ['identity turned off', { IDENTITY_DISABLED: '1' }, 'IDENTITY_DISABLED is no longer supported'],
  ])('refuses %s', (_name, changes, sentence) => {
    expect(() => read(changes)).toThrow(sentence);
  });

  it('names every problem at once', () => {
    expect(() => read({ POLICY_WORKLOAD: undefined, INBOUND_PORTS: 'x' })).toThrow(
      /POLICY_WORKLOAD.*INBOUND_PORTS|INBOUND_PORTS.*POLICY_WORKLOAD/,
    );
  });

  it('refuses bytes that are not UTF-8', () => {
    const context = Buffer.from([0x61, 0xff]).toString();
    expect(() => read({ DESTINATION_CONTEXT: context })).toThrow(
      'LINKERD2_PROXY_DESTINATION_CONTEXT holds bytes that are not UTF-8',
    );
  });

  it('takes an explicit backoff without jitter, and empty control stream limits as none', () => {
    const config = read({
      INBOUND_CONNECT_EXP_BACKOFF_MIN: '1s',
      INBOUND_CONNECT_EXP_BACKOFF_MAX: '2s',
      CONTROL_STREAM_LIFETIME: '',
    });
    expect(config.inbound.backoff).toEqual({ minMs: 1000, maxMs: 2000, jitter: 0 });
    expect(config.controlStream).toEqual({});
  });

  it('keeps a timeout that switches detection off within what a timer can hold', () => {
    expect(read({ INBOUND_DETECT_TIMEOUT: '365d' }).inbound.detectTimeoutMs).toBe(2_147_483_647);
  });

  it('takes the name of the server where there is no local name, and refuses two that differ', () => {
    const [id, other] = ['web.shop.serviceaccount.identity.linkerd.cluster.local', 'api.shop'];
    const only = (changes: Record<string, string>) => read({ IDENTITY_LOCAL_NAME: undefined, ...changes });
    expect(only({ IDENTITY_SERVER_ID: id, IDENTITY_SERVER_NAME: `${id}.` }).identity.localName).toBe(id);
    expect(() => only({ IDENTITY_SERVER_ID: id })).toThrow(
      'LINKERD2_PROXY_IDENTITY_SERVER_ID needs LINKERD2_PROXY_IDENTITY_SERVER_NAME beside it',
    );
    expect(() => only({ IDENTITY_SERVER_ID: id, IDENTITY_SERVER_NAME: other })).toThrow(
      `differs from LINKERD2_PROXY_IDENTITY_SERVER_NAME "${other}"`,
    );
    expect(() => read({ IDENTITY_SERVER_ID: other, IDENTITY_SERVER_NAME: other })).toThrow(
      'LINKERD2_PROXY_IDENTITY_LOCAL_NAME',
    );
    expect(() => only({ IDENTITY_SERVER_ID: 'spiffe://td/web', IDENTITY_SERVER_NAME: id })).toThrow(
      'is a URI',
    );
  });

  it('shows no error texts in ingress mode, unless told to', () => {
    expect(read({ INGRESS_MODE: 'true' }).informationalHeaders).toBe(false);
    const both = { INGRESS_MODE: 'true', OUTBOUND_DISABLE_INFORMATIONAL_HEADERS: 'false' };
    expect(read(both).informationalHeaders).toBe(true);
  });

  it('warns of what has no effect, and does not end for it', () => {
    const { warnings } = read({
      INBOUND_DEFAULT_POLICY: 'deny',
      INBOUND_DEFAULT_POLICI: 'deny',
      TOTALLY_ELSE: 'x',
      TAP_SVC_NAME: 'tap',
      CORES: '2',
      LOG_FORMAT: 'xml',
      OUTBOUND_LISTEN_ADDR: '127.0.0.1:4140',
    });
    expect(warnings).toEqual([
      'LINKERD2_PROXY_OUTBOUND_LISTEN_ADDR is deprecated; use LINKERD2_PROXY_OUTBOUND_LISTEN_ADDRS',
      'LINKERD2_PROXY_LOG_FORMAT "xml" is neither PLAIN nor JSON; using PLAIN',
      'LINKERD2_PROXY_INBOUND_DEFAULT_POLICI is no variable of the proxy; did you mean LINKERD2_PROXY_INBOUND_DEFAULT_POLICY?',
      'LINKERD2_PROXY_TOTALLY_ELSE is no variable of the proxy',
      'LINKERD2_PROXY_TAP_SVC_NAME has no effect: tap is not served yet',
    ]);
  });
});
