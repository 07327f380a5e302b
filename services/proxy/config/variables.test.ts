import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type ProxyConfig, readProxyConfig } from '../config.ts';
import { NOT_SUPPORTED, VARIABLES } from './variables.ts';

const NAME = 'web.shop';
const REQUIRED: Readonly<Record<string, string>> = {
  IDENTITY_TRUST_ANCHORS: 'anchors',
  IDENTITY_TOKEN_FILE: '/token',
  IDENTITY_LOCAL_NAME: NAME,
  IDENTITY_SVC_ADDR: 'localhost.:8080',
  DESTINATION_SVC_ADDR: 'localhost.:8086',
  POLICY_SVC_ADDR: 'localhost.:8090',
  POLICY_WORKLOAD: 'web',
};

function read(changes: Readonly<Record<string, string | undefined>> = {}): ProxyConfig {
  const env = Object.entries({ ...REQUIRED, ...changes });
  return readProxyConfig(Object.fromEntries(env.map(([suffix, text]) => [`LINKERD2_PROXY_${suffix}`, text])));
}

interface Case {
  readonly name: string;
  readonly of: (config: ProxyConfig) => unknown;
  readonly fallback: unknown;
  readonly good: readonly [text: string, value: unknown];
  /** Undefined where every text is taken. */
  readonly bad: readonly [text: string, sentence: string] | undefined;
  /** What it needs beside it. */
  readonly beside?: Readonly<Record<string, string>>;
}

type Direction = 'inbound' | 'outbound';
type Of = (config: ProxyConfig) => unknown;

const NO_DURATION = ['10', 'is not a duration'] as const;
const NO_COUNT = ['x', 'is not a whole number'] as const;
const NO_ADDRESS = ['here', 'is not an address'] as const;
const NO_FLAG = ['yes', 'is neither true nor false'] as const;

const duration = (name: string, of: Of, fallback: unknown): Case => ({
  name,
  of,
  fallback,
  good: ['7s', 7000],
  bad: NO_DURATION,
});
const count = (name: string, of: Of, fallback: unknown): Case => ({
  name,
  of,
  fallback,
  good: ['70000', 70_000],
  bad: NO_COUNT,
});
const flag = (name: string, of: Of): Case => ({
  name,
  of,
  fallback: false,
  good: ['true', true],
  bad: NO_FLAG,
});
const listen = (name: string, of: Of, host: string, port: number): Case => ({
  name,
  of,
  fallback: { host, port },
  good: ['[::]:1', { host: '::', port: 1 }],
  bad: NO_ADDRESS,
});
const service = (name: string, key: 'destination' | 'policy', port: number): readonly Case[] => [
  {
    name: `${name}_ADDR`,
    of: (config) => config[key],
    fallback: { host: 'localhost.', port, identity: undefined },
    good: ['127.0.0.1:1', { host: '127.0.0.1', port: 1, identity: undefined }],
    bad: ['nowhere', 'is not an address'],
  },
  {
    name: `${name}_NAME`,
    of: (config) => config[key].identity,
    fallback: undefined,
    good: ['dst.linkerd', 'dst.linkerd'],
    bad: undefined,
    beside: { [`${name}_ADDR`]: 'dst.linkerd.svc:8086' },
  },
];

function directionCases(direction: Direction, defaults: Readonly<Record<string, unknown>>): readonly Case[] {
  const at = (suffix: string) => `${direction.toUpperCase()}_${suffix}`;
  const windows = {
    [at('SERVER_HTTP2_INITIAL_STREAM_WINDOW_SIZE')]: '70000',
    [at('SERVER_HTTP2_INITIAL_CONNECTION_WINDOW_SIZE')]: '70000',
  };
  const pings = {
    [at('SERVER_HTTP2_KEEP_ALIVE_INTERVAL')]: '7s',
    [at('SERVER_HTTP2_KEEP_ALIVE_TIMEOUT')]: '7s',
  };
  const backoff = { [at('CONNECT_EXP_BACKOFF_MIN')]: '7s', [at('CONNECT_EXP_BACKOFF_MAX')]: '7s' };
  const ofMs = (suffix: string, of: Of, fallback: unknown) => duration(at(suffix), of, fallback);
  return [
    ofMs('ACCEPT_KEEPALIVE', (c) => c[direction].acceptKeepAliveMs, 0),
    ofMs('ACCEPT_USER_TIMEOUT', (c) => c[direction].acceptUserTimeoutMs, 0),
    ofMs('CONNECT_KEEPALIVE', (c) => c[direction].connect.keepAliveMs, 0),
    ofMs('CONNECT_USER_TIMEOUT', (c) => c[direction].connect.userTimeoutMs, 0),
    ofMs('CONNECT_TIMEOUT', (c) => c[direction].connect.timeoutMs, defaults['connect']),
    { ...ofMs('CONNECT_EXP_BACKOFF_MIN', (c) => c[direction].backoff.minMs, 100), beside: backoff },
    {
      ...ofMs('CONNECT_EXP_BACKOFF_MAX', (c) => c[direction].backoff.maxMs, defaults['maxBackoff']),
      beside: backoff,
    },
    {
      name: at('CONNECT_EXP_BACKOFF_JITTER'),
      of: (c) => c[direction].backoff.jitter,
      fallback: 0.1,
      good: ['0.5', 0.5],
      bad: ['-1', 'is not a number from 0 on'],
      beside: backoff,
    },
    ofMs('DETECT_TIMEOUT', (c) => c[direction].detectTimeoutMs, 10_000),
    ofMs('HTTP1_CONNECTION_POOL_IDLE_TIMEOUT', (c) => c[direction].poolIdleTimeoutMs, 3000),
    ofMs('DISCOVERY_IDLE_TIMEOUT', (c) => c[direction].discoveryIdleTimeoutMs, defaults['discovery']),
    count(at('HTTP_QUEUE_CAPACITY'), (c) => c[direction].queueCapacity, 10_000),
    count(at('MAX_IN_FLIGHT'), (c) => c[direction].maxInFlight, 100_000),
    count(at('TCP_LISTEN_BACKLOG'), (c) => c[direction].listenBacklog, undefined),
    count(
      at('SERVER_HTTP2_MAX_CONCURRENT_STREAMS'),
      (c) => c[direction].serverHttp2.maxConcurrentStreams,
      undefined,
    ),
    count(
      at('SERVER_HTTP2_MAX_HEADER_LIST_SIZE'),
      (c) => c[direction].serverHttp2.maxHeaderListBytes,
      16_384,
    ),
    {
      ...count(at('SERVER_HTTP2_MAX_FRAME_SIZE'), (c) => c[direction].serverHttp2.maxFrameBytes, 16_384),
      bad: ['16383', 'is no frame size of HTTP/2: from 16384 to 16777215 bytes'],
    },
    count(
      at('SERVER_HTTP2_MAX_PENDING_ACCEPT_RESET_STREAMS'),
      (c) => c[direction].serverHttp2.maxResets,
      1000,
    ),
    {
      ...count(
        at('SERVER_HTTP2_INITIAL_STREAM_WINDOW_SIZE'),
        (c) => c[direction].serverHttp2.windows.streamBytes,
        65_535,
      ),
      beside: windows,
    },
    {
      ...count(
        at('SERVER_HTTP2_INITIAL_CONNECTION_WINDOW_SIZE'),
        (c) => c[direction].serverHttp2.windows.connectionBytes,
        1_048_576,
      ),
      beside: windows,
    },
    {
      ...ofMs(
        'SERVER_HTTP2_KEEP_ALIVE_INTERVAL',
        (c) => c[direction].serverHttp2.keepAlive?.intervalMs,
        undefined,
      ),
      beside: pings,
    },
    {
      ...ofMs(
        'SERVER_HTTP2_KEEP_ALIVE_TIMEOUT',
        (c) => c[direction].serverHttp2.keepAlive?.timeoutMs,
        undefined,
      ),
      beside: pings,
    },
  ];
}

const FALLBACK_LOG = 'warn,linkerd=info,hickory=error';

const CASES: readonly Case[] = [
  ...directionCases('inbound', { connect: 300, maxBackoff: 10_000, discovery: 90_000 }),
  ...directionCases('outbound', { connect: 1000, maxBackoff: 60_000, discovery: 5000 }),
  {
    name: 'OUTBOUND_LISTEN_ADDRS',
    of: (c) => c.outboundListen,
    fallback: [{ host: '127.0.0.1', port: 4140 }],
    good: [
      '127.0.0.1:1,[::1]:2',
      [
        { host: '127.0.0.1', port: 1 },
        { host: '::1', port: 2 },
      ],
    ],
    bad: ['127.0.0.1:1,127.0.0.1:2,127.0.0.1:3', 'has more than two addresses'],
  },
  listen('OUTBOUND_LISTEN_ADDR', (c) => c.outboundListen[0], '127.0.0.1', 4140),
  listen('INBOUND_LISTEN_ADDR', (c) => c.inboundListen, '0.0.0.0', 4143),
  listen('ADMIN_LISTEN_ADDR', (c) => c.adminListen, '127.0.0.1', 4191),
  {
    name: 'INBOUND_IPS',
    of: (c) => [...c.inboundIps],
    fallback: [],
    good: ['10.0.0.7,fd00::7', ['10.0.0.7', 'fd00::7']],
    bad: ['10.0.0.300', 'has a part that is no IP address'],
  },
  duration('SHUTDOWN_GRACE_PERIOD', (c) => c.shutdownGraceMs, 120_000),
  flag('SHUTDOWN_ENDPOINT_ENABLED', (c) => c.shutdownEndpointEnabled),
  {
    name: 'LOG',
    of: (c) => c.log,
    fallback: FALLBACK_LOG,
    good: ['debug', 'debug'],
    bad: ['loud', 'is not a list'],
  },
  { name: 'LOG_FORMAT', of: (c) => c.logFormat, fallback: 'PLAIN', good: ['json', 'JSON'], bad: undefined },
  {
    name: 'ACCESS_LOG',
    of: (c) => c.accessLog,
    fallback: undefined,
    good: ['apache', 'apache'],
    bad: ['nginx', 'is neither apache nor json'],
  },
  duration('METRICS_RETAIN_IDLE', (c) => c.metrics.retainIdleMs, 600_000),
  count('METRICS_MAX_SERIES', (c) => c.metrics.maxSeries, 10_000),
  flag('INGRESS_MODE', (c) => c.ingressMode),
  {
    name: 'INBOUND_GATEWAY_SUFFIXES',
    of: (c) => c.gatewaySuffixes.list,
    fallback: [],
    good: ['Svc.Cluster.Local.,,.', ['svc.cluster.local', '']],
    bad: ['a b', 'has a part that is no DNS suffix'],
  },
  count('OUTBOUND_TCP_QUEUE_CAPACITY', (c) => c.outbound.tcpQueueCapacity, 10_000),
  duration('OUTBOUND_HTTP_FAILFAST_TIMEOUT', (c) => c.outbound.failfastTimeoutMs, 3000),
  duration('OUTBOUND_TCP_FAILFAST_TIMEOUT', (c) => c.outbound.tcpFailfastTimeoutMs, 3000),
  count('MAX_IDLE_CONNS_PER_ENDPOINT', (c) => c.inbound.maxIdlePerEndpoint, 10_000),
  count('OUTBOUND_MAX_IDLE_CONNS_PER_ENDPOINT', (c) => c.outbound.maxIdlePerEndpoint, 10_000),
  count('HTTP2_INITIAL_STREAM_WINDOW_SIZE', (c) => c.inbound.clientWindows.streamBytes, 65_535),
  count('HTTP2_INITIAL_CONNECTION_WINDOW_SIZE', (c) => c.outbound.clientWindows.connectionBytes, 1_048_576),
  ...service('DESTINATION_SVC', 'destination', 8086),
  ...service('POLICY_SVC', 'policy', 8090),
  {
    name: 'DESTINATION_CONTEXT',
    of: (c) => c.destinationContext,
    fallback: '',
    good: ['{"ns":"shop"}', '{"ns":"shop"}'],
    bad: undefined,
  },
  {
    name: 'DESTINATION_PROFILE_SUFFIXES',
    of: (c) => c.profileSuffixes.list,
    fallback: ['svc.cluster.local'],
    good: ['.', ['']],
    bad: ['a..b', 'has a part that is no DNS suffix'],
  },
  {
    name: 'DESTINATION_PROFILE_NETWORKS',
    of: (c) => c.profileNetworks,
    fallback: [],
    good: ['10.0.0.0/8', ['10.0.0.0/8']],
    bad: ['10.0.0.0', 'has a part that is no network'],
  },
  {
    name: 'POLICY_WORKLOAD',
    of: (c) => c.policyWorkload,
    fallback: 'web',
    good: ['api', 'api'],
    bad: undefined,
  },
  {
    name: 'POLICY_CLUSTER_NETWORKS',
    of: (c) => c.clusterNetworks,
    fallback: [],
    good: ['fd00::/8', ['fd00::/8']],
    bad: ['fd00::/129', 'has a part that is no network'],
  },
  {
    name: 'INBOUND_DEFAULT_POLICY',
    of: (c) => c.inboundDefaultPolicy,
    fallback: 'all-unauthenticated',
    good: ['deny', 'deny'],
    bad: ['allow', 'is none of deny'],
  },
  {
    name: 'INBOUND_PORTS',
    of: (c) => c.inboundPorts,
    fallback: [],
    good: ['80,90-91', [80, 90, 91]],
    bad: ['http', 'has a part that is no port or range'],
  },
  {
    name: 'INBOUND_PORTS_DISABLE_PROTOCOL_DETECTION',
    of: (c) => [...c.inboundOpaquePorts.ports()],
    fallback: [],
    good: ['25', [25]],
    bad: ['2-1', 'has a part that is no port or range'],
  },
  duration('CONTROL_STREAM_INITIAL_TIMEOUT', (c) => c.controlStream.initialMs, undefined),
  duration('CONTROL_STREAM_IDLE_TIMEOUT', (c) => c.controlStream.idleMs, undefined),
  duration('CONTROL_STREAM_LIFETIME', (c) => c.controlStream.lifetimeMs, undefined),
  duration('DNS_MIN_TTL', (c) => c.dns.minTtlMs, 0),
  duration('DNS_MAX_TTL', (c) => c.dns.maxTtlMs, Number.POSITIVE_INFINITY),
  flag('OUTBOUND_DISABLE_INFORMATIONAL_HEADERS', (c) => !c.informationalHeaders),
  flag('OUTBOUND_METRICS_HOSTNAME_LABELS', (c) => c.hostnameLabels),
  {
    name: 'INBOUND_METRICS_AUTHORITY_LABELS',
    of: (c) => c.metrics.authorityLabels,
    fallback: false,
    good: ['unsafe', true],
    bad: ['true', 'is neither empty nor unsafe'],
  },
  {
    name: 'IDENTITY_TRUST_ANCHORS',
    of: (c) => c.identity.trustAnchorsPem,
    fallback: 'anchors',
    good: ['others', 'others'],
    bad: ['', 'is empty'],
  },
  {
    name: 'IDENTITY_LOCAL_NAME',
    of: (c) => c.identity.localName,
    fallback: NAME,
    good: ['Api.Shop.', 'api.shop'],
    bad: ['a b', 'is not a DNS name'],
  },
  ...['IDENTITY_SERVER_ID', 'IDENTITY_SERVER_NAME'].map(
    (name): Case => ({
      name,
      of: (c) => c.identity.localName,
      fallback: NAME,
      good: [NAME, NAME],
      bad: ['a b', 'is not a DNS name'],
      beside: { IDENTITY_SERVER_ID: NAME, IDENTITY_SERVER_NAME: NAME },
    }),
  ),
  {
    name: 'IDENTITY_SVC_ADDR',
    of: (c) => c.identity.service.port,
    fallback: 8080,
    good: ['localhost:1', 1],
    bad: ['localhost', 'is not an address'],
  },
  {
    name: 'TRACE_COLLECTOR_SVC_ADDR',
    of: (c) => c.trace?.collector,
    fallback: undefined,
    good: ['localhost:4317', { host: 'localhost', port: 4317, identity: undefined }],
    bad: NO_ADDRESS,
  },
  {
    name: 'TRACE_COLLECTOR_SVC_NAME',
    of: (c) => c.trace?.collector.identity,
    fallback: undefined,
    good: ['otel.linkerd', 'otel.linkerd'],
    bad: undefined,
    beside: { TRACE_COLLECTOR_SVC_ADDR: 'otel.tracing.svc:4317' },
  },
  {
    name: 'TRACE_SERVICE_NAME',
    of: (c) => c.trace?.serviceName,
    fallback: undefined,
    good: ['linkerd-proxy', 'linkerd-proxy'],
    bad: undefined,
    beside: { TRACE_COLLECTOR_SVC_ADDR: 'localhost:4317' },
  },
  {
    name: 'TRACE_ATTRIBUTES_PATH',
    of: (c) => c.trace?.attributesPath,
    fallback: undefined,
    good: ['/labels', '/labels'],
    bad: undefined,
    beside: { TRACE_COLLECTOR_SVC_ADDR: 'localhost:4317' },
  },
  {
    name: 'TRACE_EXTRA_ATTRIBUTES',
    of: (c) => c.trace?.extraAttributes,
    fallback: undefined,
    good: [
      'a=1\nb="x=y"\n',
      new Map([
        ['a', '1'],
        ['b', 'x=y'],
      ]),
    ],
    bad: undefined,
    beside: { TRACE_COLLECTOR_SVC_ADDR: 'localhost:4317' },
  },
  {
    name: 'IDENTITY_SVC_NAME',
    of: (c) => c.identity.service.identity,
    fallback: undefined,
    good: ['id.linkerd', 'id.linkerd'],
    bad: undefined,
    beside: { IDENTITY_SVC_ADDR: 'id.linkerd.svc:8080' },
  },
  {
    name: 'IDENTITY_TOKEN_FILE',
    of: (c) => c.identity.tokenFile,
    fallback: '/token',
    good: ['/other', '/other'],
    bad: [' ', 'is empty'],
  },
  duration('IDENTITY_MIN_REFRESH', (c) => c.identity.minRefreshMs, 10_000),
  duration('IDENTITY_MAX_REFRESH', (c) => c.identity.maxRefreshMs, 86_400_000),
  {
    name: 'IDENTITY_DISABLED',
    of: (c) => c.identity.localName,
    fallback: NAME,
    good: ['', NAME],
    bad: ['1', 'is no longer supported'],
  },
];

/** What the sheet lists beside those of the cases. */
const SHEET_OTHERS = `
  CONTROL_LISTEN_ADDR CORES CORES_MIN CORES_MAX CORES_MAX_RATIO
  INBOUND_SERVER_HTTP2_ADAPTIVE_FLOW_CONTROL OUTBOUND_SERVER_HTTP2_ADAPTIVE_FLOW_CONTROL
  INBOUND_SERVER_HTTP2_MAX_SEND_BUF_SIZE OUTBOUND_SERVER_HTTP2_MAX_SEND_BUF_SIZE
  DESTINATION_PROFILE_INITIAL_TIMEOUT IDENTITY_DIR INBOUND_HTTP_FAILFAST_TIMEOUT
  IDENTITY_SPIRE_WORKLOAD_API_ADDRESS IDENTITY_SPIRE_SOCKET
  LINKERD2_PROXY_IDENTITY_SPIRE_EXP_BACKOFF_MIN LINKERD2_PROXY_IDENTITY_SPIRE_EXP_BACKOFF_MAX
  LINKERD2_PROXY_IDENTITY_SPIRE_EXP_BACKOFF_JITTER
  TAP_SVC_NAME INBOUND_PORTS_REQUIRE_IDENTITY INBOUND_PORTS_REQUIRE_TLS TRACE_PROTOCOL
  TRACE_ANNOTATIONS_PATH`
  .trim()
  .split(/\s+/);

describe('the variables of the sheet', () => {
  it.each(CASES)('$name has its default, and takes a value', ({ name, of, fallback, good, beside }) => {
    expect(of(read())).toEqual(fallback);
    expect(of(read({ ...beside, [name]: good[0] }))).toEqual(good[1]);
  });

  it.each(CASES.filter(({ bad }) => bad !== undefined))('$name is checked', ({ name, bad, beside }) => {
    const [text, sentence] = bad ?? [];
    expect(() => read({ ...beside, [name]: text })).toThrow(
      `LINKERD2_PROXY_${name} ${name === 'IDENTITY_DISABLED' ? '' : `${JSON.stringify(text)} `}${sentence}`,
    );
  });

  it('are all listed, once, as read or as not supported', () => {
    const names = (rows: readonly { readonly names: readonly string[] }[]) =>
      rows.flatMap((row) => row.names).sort();
    expect(names(VARIABLES)).toEqual(CASES.map(({ name }) => name).sort());
    expect(names(NOT_SUPPORTED)).toEqual([...SHEET_OTHERS].sort());
  });

  it('stand in the README as they are listed', () => {
    const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8').replaceAll(/ +/g, ' ');
    const rows = [
      ...VARIABLES.map(
        ({ pattern, default: fallback, meaning }) => `| \`${pattern}\` | ${fallback} | ${meaning} |`,
      ),
      ...NOT_SUPPORTED.map(({ pattern, reason }) => `| \`${pattern}\` | ${reason} |`),
    ].map((row) => row.replaceAll(/ +/g, ' '));
    expect(rows.filter((row) => !readme.includes(row))).toEqual([]);
    const listed = readme.split('\n').filter((line) => /^\| `[A-Z{][A-Z0-9_{},]+` \|/.test(line));
    expect(listed).toHaveLength(rows.length);
  });
});
