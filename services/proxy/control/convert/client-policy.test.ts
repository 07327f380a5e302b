import { describe, expect, it } from 'vitest';
import {
  create,
  type DescMessage,
  type httpRoute,
  type MessageInitShape,
  type MessageShape,
  outbound,
  toDuration,
  toTcpAddress,
} from '#lib/api';
import type { ClientPolicy } from '../../outbound/client-policy.ts';
import { convertClientPolicy } from './client-policy.ts';

/** What a message may be made of, and not the message itself: it can be spread. */
type Init<D extends DescMessage> = Exclude<MessageInitShape<D>, MessageShape<D>>;
type PolicyInit = Init<typeof outbound.OutboundPolicySchema>;
type BackendInit = Init<typeof outbound.BackendSchema>;
type RuleInit = Init<typeof outbound.HttpRoute_RuleSchema>;
type OpaqueRuleInit = Init<typeof outbound.OpaqueRoute_RuleSchema>;
type HttpInit = Init<typeof outbound.ProxyProtocol_Http1Schema>;
type OpaqueInit = Init<typeof outbound.ProxyProtocol_OpaqueSchema>;

const resource = (changes: object = {}) =>
  ({
    kind: {
      case: 'resource',
      value: { group: 'core', kind: 'Service', name: 'web', namespace: 'shop', port: 80, ...changes },
    },
  }) as const;
const named = (name: string) => ({ kind: { case: 'default', value: name } }) as const;

const EWMA = { defaultRtt: toDuration(30), decay: toDuration(10_000) };
const QUEUE = { capacity: 100, failfastTimeout: toDuration(3000) };
const BALANCER: BackendInit = {
  metadata: resource(),
  queue: QUEUE,
  kind: {
    case: 'balancer',
    value: {
      discovery: { kind: { case: 'dst', value: { path: 'web.shop.svc.cluster.local:80' } } },
      load: { case: 'peakEwma', value: EWMA },
    },
  },
};
const FORWARD: BackendInit = {
  metadata: named('endpoint'),
  queue: QUEUE,
  kind: { case: 'forward', value: { addr: toTcpAddress({ host: '10.0.0.1', port: 80 })! } },
};

const first = (...backends: BackendInit[]) =>
  ({
    kind: { case: 'firstAvailable', value: { backends: backends.map((backend) => ({ backend })) } },
  }) as const;
const random = (...backends: [BackendInit, number][]) =>
  ({
    kind: {
      case: 'randomAvailable',
      value: { backends: backends.map(([backend, weight]) => ({ backend: { backend }, weight })) },
    },
  }) as const;
const fail = (status: number, ratio?: { numerator: number; denominator: number }) =>
  ({
    kind: {
      case: 'failureInjector',
      value: { status, message: 'no', ...(ratio === undefined ? {} : { ratio }) },
    },
  }) as const;

const http = (...rules: RuleInit[]): HttpInit => ({ routes: [{ metadata: named('http'), rules }] });
const OPAQUE: OpaqueInit = {
  routes: [{ metadata: named('opaq'), rules: [{ backends: first(BALANCER) }] }],
};

function convert(changes: PolicyInit): ClientPolicy {
  return convertClientPolicy(
    create(outbound.OutboundPolicySchema, { metadata: resource(), ...changes } as PolicyInit),
  );
}

function convertHttp(value: HttpInit) {
  const { protocol } = convert({ protocol: { kind: { case: 'http1', value } } });
  if (protocol.kind !== 'http1') throw new Error('not HTTP/1');
  return protocol.http;
}

function convertOpaque(value: OpaqueInit) {
  const { protocol } = convert({ protocol: { kind: { case: 'opaque', value } } });
  if (protocol.kind !== 'opaque') throw new Error('not opaque');
  return protocol.opaque.route;
}

describe('convertClientPolicy()', () => {
  it('reads a service as the policy controller describes it', () => {
    const value = {
      timeout: toDuration(10_000),
      http1: http({ backends: first(BALANCER) }),
      http2: http(),
      opaque: OPAQUE,
    };
    const policy = convert({ protocol: { kind: { case: 'detect', value } } });
    const meta = { group: 'core', kind: 'Service', name: 'web', namespace: 'shop', section: '', port: 80 };
    const backend = {
      meta,
      dispatcher: {
        kind: 'balancer',
        path: 'web.shop.svc.cluster.local:80',
        load: { defaultRttMs: 30, decayMs: 10_000 },
      },
    };
    const distribution = { kind: 'first-available', backends: [backend] };
    expect(policy.parent).toEqual(meta);
    expect(policy.protocol).toMatchObject({
      kind: 'detect',
      http1: {
        routes: [
          {
            meta: { kind: 'default', name: 'http' },
            hosts: [],
            rules: [{ matches: [], distribution, failure: undefined }],
          },
        ],
      },
      http2: { routes: [{ rules: [] }] },
      opaque: { route: { verdict: 'forward', distribution } },
    });
  });

  it('reads forwards, weights, and a backend without a dispatcher', () => {
    const [rule] = convertHttp(
      http({ backends: random([FORWARD, 9], [{ metadata: resource(), queue: QUEUE }, 1]) }),
    ).routes[0]!.rules;
    expect(rule?.distribution).toMatchObject({
      kind: 'random-available',
      backends: [
        {
          weight: 9,
          backend: { dispatcher: { kind: 'forward', endpoint: { address: { host: '10.0.0.1', port: 80 } } } },
        },
        { weight: 1, backend: { dispatcher: { kind: 'fail' } } },
      ],
    });
  });

  it('fills in the defaults of a penalising load', () => {
    const kind = {
      case: 'balancer',
      value: {
        discovery: { kind: { case: 'dst', value: { path: 'x:1' } } },
        load: { case: 'penaltyPeakEwma', value: {} },
      },
    } as const;
    const [rule] = convertHttp(http({ backends: first({ ...BALANCER, kind }) })).routes[0]!.rules;
    expect(rule?.distribution).toMatchObject({
      backends: [{ dispatcher: { load: { defaultRttMs: 30, decayMs: 10_000 } } }],
    });
  });

  it.each([
    ['always', undefined, { status: 403, message: 'no' }],
    ['in every case', { numerator: 2, denominator: 2 }, { status: 403, message: 'no' }],
    ['in some cases, which later stages carry out', { numerator: 1, denominator: 2 }, undefined],
  ])('fails a rule %s', (_, ratio, failure) => {
    const filters = [fail(403, ratio)];
    expect(convertHttp(http({ filters, backends: first(BALANCER) })).routes[0]!.rules[0]?.failure).toEqual(
      failure,
    );
  });

  it('fails a rule whose only backend fails, and only that backend beside a good one', () => {
    const bad = { backend: BALANCER, filters: [fail(500)] };
    const only: RuleInit['backends'] = { kind: { case: 'firstAvailable', value: { backends: [bad] } } };
    expect(convertHttp(http({ backends: only })).routes[0]!.rules[0]?.failure?.status).toBe(500);
    const backends = [bad, { backend: BALANCER }];
    const both: RuleInit['backends'] = { kind: { case: 'firstAvailable', value: { backends } } };
    const [rule] = convertHttp(http({ backends: both })).routes[0]!.rules;
    expect(rule).toMatchObject({
      failure: undefined,
      distribution: { backends: [{ dispatcher: { kind: 'fail' } }, { dispatcher: { kind: 'balancer' } }] },
    });
  });

  it.each(['forbidden', 'invalid'] as const)('refuses connections of an opaque route that is %s', (kind) => {
    const filters: OpaqueRuleInit['filters'] = [{ kind: { case: kind, value: {} } }];
    const rules: OpaqueRuleInit[] = [{ backends: { kind: { case: 'empty', value: {} } }, filters }];
    expect(convertOpaque({ routes: [{ metadata: named('undefined-port'), rules }] })).toMatchObject({
      verdict: kind,
      distribution: { kind: 'empty' },
    });
    const backends: OpaqueRuleInit['backends'] = {
      kind: { case: 'firstAvailable', value: { backends: [{ backend: BALANCER, filters }] } },
    };
    expect(convertOpaque({ routes: [{ metadata: named('x'), rules: [{ backends }] }] })?.verdict).toBe(kind);
  });

  it('has no route where an opaque policy has none', () => {
    expect(convertOpaque({ routes: [] })).toBeUndefined();
  });

  it('reads circuit breaking; zero failures is none', () => {
    const backoff = { minBackoff: toDuration(1000), maxBackoff: toDuration(60_000), jitterRatio: 0.5 };
    const accrue = (maxFailures: number) =>
      convertHttp({
        ...http(),
        failureAccrual: { kind: { case: 'consecutiveFailures', value: { maxFailures, backoff } } },
      }).failureAccrual;
    expect(accrue(7)).toEqual({
      kind: 'consecutive',
      maxFailures: 7,
      backoff: { minMs: 1000, maxMs: 60_000, jitter: 0.5 },
    });
    expect(accrue(0)).toBeUndefined();
  });

  it('reads matches of requests and calls', () => {
    const match: Init<typeof httpRoute.HttpRouteMatchSchema> = {
      path: { kind: { case: 'regex', value: '(?i)/A|/b' } },
      headers: [{ name: 'X-User', value: { case: 'exact', value: Buffer.from([0xe9]) } }],
      queryParams: [{ name: 'q', value: { case: 'exact', value: '1' } }],
      method: { type: { case: 'registered', value: 3 } },
    };
    const hosts: Init<typeof httpRoute.HostMatchSchema>[] = [
      { match: { case: 'exact', value: 'Web.Shop' } },
      { match: { case: 'suffix', value: { reverseLabels: ['COM', 'example'] } } },
    ];
    const rules = [{ matches: [match], backends: first(BALANCER) }];
    const route = convertHttp({ routes: [{ metadata: named('http'), hosts, rules }] }).routes[0]!;
    expect(route.hosts).toEqual([
      { kind: 'exact', host: 'web.shop' },
      { kind: 'suffix', reverseLabels: ['com', 'example'] },
    ]);
    expect(route.rules[0]?.matches).toEqual([
      {
        path: { kind: 'regex', value: /\/A|\/b/iu },
        headers: [{ name: 'x-user', value: 'é' }],
        queryParams: [{ name: 'q', value: '1' }],
        method: 'DELETE',
      },
    ]);
    const calls = [
      ['s.S', 'Get', { kind: 'exact', value: '/s.S/Get' }],
      ['s.S', '', { kind: 'prefix', value: '/s.S' }],
      ['', 'Get', { kind: 'regex', value: /^\/[^/]+\/Get$/ }],
      ['', '', undefined],
    ] as const;
    for (const [service, method, path] of calls) {
      const grpc = {
        routes: [
          {
            metadata: named('g'),
            rules: [{ matches: [{ rpc: { service, method } }], backends: first(BALANCER) }],
          },
        ],
      };
      const { protocol } = convert({ protocol: { kind: { case: 'grpc', value: grpc } } });
      expect(protocol).toMatchObject({ kind: 'grpc', http: { isGrpc: true } });
      const [converted] = protocol.kind === 'grpc' ? (protocol.http.routes[0]?.rules[0]?.matches ?? []) : [];
      expect(converted?.path).toEqual(path);
      expect(converted?.method).toBe('POST');
    }
  });
});

const inHttp = (value: HttpInit): PolicyInit => ({ protocol: { kind: { case: 'http1', value } } });
const inRule = (rule: RuleInit): PolicyInit =>
  inHttp(http({ backends: first(BALANCER), ...rule } as RuleInit));
const inBackend = (changes: object): PolicyInit =>
  inRule({ backends: first({ ...BALANCER, ...changes } as BackendInit) });
const inOpaque = (value: OpaqueInit): PolicyInit => ({ protocol: { kind: { case: 'opaque', value } } });
const retry = (changes: object) => inRule({ retry: { conditions: {}, ...changes } });
const unified = (changes: object) =>
  inHttp({
    ...http(),
    failureAccrual: {
      kind: {
        case: 'unified',
        value: {
          successRateThreshold: 0.5,
          backoff: { minBackoff: toDuration(1), maxBackoff: toDuration(2) },
          ...changes,
        },
      },
    },
  });

describe('an invalid client policy', () => {
  it.each<[string, PolicyInit]>([
    ['metadata is missing', { ...inRule({}), metadata: {} }],
    ['the protocol of a policy is missing', {}],
    ['the protocol of a policy has no kind', { protocol: {} }],
    ...['group', 'kind', 'name', 'namespace'].map((field): [string, PolicyInit] => [
      `a resource's ${field} is empty`,
      inBackend({ metadata: resource({ [field]: '' }) }),
    ]),
    [
      'the timeout of protocol detection is missing',
      { protocol: { kind: { case: 'detect', value: { http1: {}, http2: {}, opaque: {} } } } },
    ],
    [
      'the opaque part of a detected protocol is missing',
      { protocol: { kind: { case: 'detect', value: { timeout: toDuration(1), http1: {}, http2: {} } } } },
    ],
    ['metadata is missing', inHttp({ routes: [{ rules: [] }] })],
    ['the distribution of a rule is missing', inHttp(http({}))],
    ['the distribution of a rule has no kind', inRule({ backends: {} })],
    ['a rule has no backends', inRule({ backends: first() })],
    ['all weights of a rule are zero', inRule({ backends: random([BALANCER, 0]) })],
    ['metadata is missing', inBackend({ metadata: undefined })],
    ['the queue of a backend is missing', inBackend({ queue: undefined })],
    ["the queue's failfast timeout is missing", inBackend({ queue: { capacity: 1 } })],
    [
      'the discovery of a backend names no path',
      inBackend({ kind: { case: 'balancer', value: { load: { case: 'peakEwma', value: EWMA } } } }),
    ],
    [
      'the load of a backend is missing',
      inBackend({
        kind: { case: 'balancer', value: { discovery: { kind: { case: 'dst', value: { path: 'x' } } } } },
      }),
    ],
    [
      'the decay of a backend is missing',
      inBackend({
        kind: {
          case: 'balancer',
          value: {
            discovery: { kind: { case: 'dst', value: { path: 'x' } } },
            load: { case: 'peakEwma', value: { defaultRtt: EWMA.defaultRtt } },
          },
        },
      }),
    ],
    ['the address of a backend is missing', inBackend({ kind: { case: 'forward', value: {} } })],
    ['a filter has no kind', inRule({ filters: [{}] })],
    ['1/0 is not a ratio', inRule({ filters: [fail(500, { numerator: 1, denominator: 0 })] })],
    ['3/2 is not a ratio', inRule({ filters: [fail(500, { numerator: 3, denominator: 2 })] })],
    ['0 is not an HTTP status', inRule({ filters: [fail(0)] })],
    [
      'the path "x" does not begin with a slash',
      inRule({
        filters: [{ kind: { case: 'redirect', value: { path: { replace: { case: 'full', value: 'x' } } } } }],
      }),
    ],
    [
      '"a b" is not a header name',
      inRule({ filters: [{ kind: { case: 'requestHeaderModifier', value: { remove: ['a b'] } } }] }),
    ],
    ['the conditions of a retry is missing', inRule({ retry: {} })],
    ['65536 retries are too many', retry({ maxRetries: 65_536 })],
    [
      '500-600 is not a range of HTTP statuses',
      retry({ conditions: { statusRanges: [{ start: 500, end: 600 }] } }),
    ],
    [
      'the minimum of a backoff is above its maximum',
      retry({ backoff: { minBackoff: toDuration(2), maxBackoff: toDuration(1) } }),
    ],
    [
      'the jitter of a backoff is negative',
      retry({ backoff: { minBackoff: toDuration(1), maxBackoff: toDuration(1), jitterRatio: -1 } }),
    ],
    ['the request timeout is negative', inRule({ timeouts: { request: toDuration(-1) } })],
    ['a host match has no kind', inHttp({ routes: [{ metadata: named('http'), hosts: [{}] }] })],
    ['a path match has no kind', inRule({ matches: [{ path: {} }] })],
    [
      '"(" is not a regular expression',
      inRule({ matches: [{ path: { kind: { case: 'regex', value: '(' } } }] }),
    ],
    [
      'a query parameter match has no name',
      inRule({ matches: [{ queryParams: [{ value: { case: 'exact', value: '' } }] }] }),
    ],
    [
      'a known method is missing',
      inRule({ matches: [{ method: { type: { case: 'registered', value: 42 as never } } }] }),
    ],
    ['the success rate 2 is not between 0 and 1', unified({ successRateThreshold: 2 })],
    ['the window of the success rate is under 10ms', unified({ decay: toDuration(9) })],
    ['1000001 requests are too many', unified({ minRequests: 1_000_001 })],
    ['a backoff is missing', unified({ backoff: undefined })],
    ['there is more than one opaque route', inOpaque({ routes: [...OPAQUE.routes!, ...OPAQUE.routes!] })],
    ['an opaque route has not exactly one rule', inOpaque({ routes: [{ metadata: named('opaq') }] })],
    [
      'the kind of a filter is missing',
      inOpaque({
        routes: [{ metadata: named('opaq'), rules: [{ backends: first(BALANCER), filters: [{}] }] }],
      }),
    ],
    [
      'TLS routes that choose by server name are not supported',
      {
        protocol: {
          kind: { case: 'tls', value: { routes: [{ snis: [{ match: { case: 'exact', value: 'a' } }] }] } },
        },
      },
    ],
  ])('has a reason: %s', (message, policy) => {
    expect(() => convert(policy)).toThrow(message);
  });
});
