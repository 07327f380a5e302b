import { connect } from 'node:http2';
import { afterEach, describe, expect, it } from 'vitest';
import {
  injectedGrpcFailure,
  PROXY_ERROR,
  type ProxyError,
  policyTimeout,
  profileTimeout,
  rateLimited,
  redirected,
} from './errors.ts';
import { answerError } from './http/answer-error.ts';
import type { ResponseSink, StreamFailure } from './http/exchange.ts';
import { openPolicy, routeOf, TLS } from './inbound/connection.testing.ts';
import {
  closeApps,
  openWay,
  RawClient,
  serveHandler,
  startRawApp,
  type Way,
  type WayOptions,
} from './inbound/ways.testing.ts';
import { createFamilies } from './metrics/families.ts';
import type { OutboundRule } from './outbound/client-policy.ts';
import { samplesOf, serviceMeta } from './outbound/dispatch.testing.ts';
import { responseOf } from './outbound/http-exchange.testing.ts';
import { closeLoopback } from './transport/loopback.testing.ts';

afterEach(() => {
  closeLoopback();
  closeApps();
});

const PROTOCOLS = ['HTTP/1.1', 'HTTP/2', 'gRPC'] as const;
type Protocol = (typeof PROTOCOLS)[number];

/** What a client sees of an answer. */
interface Seen {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The proxy asked for, or made, the end of the connection. */
  readonly closes: boolean;
  readonly trailers?: Readonly<Record<string, string>>;
  /** The code of a RST_STREAM; `cut` for an HTTP/1 connection that ended in the middle. */
  readonly broken?: number | 'cut';
}

async function ask(protocol: Protocol, port: number, headers: Record<string, string> = {}): Promise<Seen> {
  return protocol === 'HTTP/1.1' ? askHttp1(port, headers) : askHttp2(protocol, port, headers);
}

async function askHttp1(port: number, headers: Record<string, string>): Promise<Seen> {
  const client = new RawClient(port);
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  client.send(`GET /x HTTP/1.1\r\nhost: web\r\n${lines.join('')}\r\n`);
  const text = await client.receive(/\r\n\r\n/);
  const [head = '', ...body] = text.split('\r\n\r\n');
  const found = Object.fromEntries(
    head
      .split('\r\n')
      .slice(1)
      .map((line) => line.split(/: (.*)/s).slice(0, 2)),
  );
  const closes = found['connection'] === 'close' || found['transfer-encoding'] === 'chunked';
  // A connection that is to close does; another takes the next request.
  if (closes) await client.receiveAll();
  else {
    client.send('GET /x HTTP/1.1\r\nhost: web\r\n\r\n');
    await client.receive(/\r\n\r\nHTTP\/1\.1 [\s\S]*\r\n\r\n/);
  }
  const isCut = found['transfer-encoding'] === 'chunked' && !client.text.endsWith('0\r\n\r\n');
  return {
    status: Number(head.split(' ')[1]),
    headers: found,
    body: closes ? body.join('\r\n\r\n') : '',
    closes,
    ...(isCut ? { broken: 'cut' as const } : {}),
  };
}

function askHttp2(protocol: Protocol, port: number, headers: Record<string, string>): Promise<Seen> {
  const session = connect(`http://127.0.0.1:${port}`);
  let goAway = false;
  session.on('goaway', () => {
    goAway = true;
  });
  session.on('error', () => {});
  const grpc = { ':method': 'POST', 'content-type': 'application/grpc', te: 'trailers' };
  return new Promise((resolve) => {
    const stream = session.request({
      ':path': '/x',
      ':authority': 'web',
      ...(protocol === 'gRPC' ? grpc : {}),
      ...headers,
    });
    let seen: Seen = { status: 0, headers: {}, body: '', closes: false };
    stream.setEncoding('latin1').on('data', (chunk: string) => {
      seen = { ...seen, body: seen.body + chunk };
    });
    stream.on('response', ({ ':status': status = 0, ...rest }) => {
      // Without the symbols that Node adds.
      seen = { ...seen, status, headers: Object.fromEntries(Object.entries(rest)) as Record<string, string> };
    });
    stream.on('trailers', (trailers) => {
      seen = { ...seen, trailers: { ...trailers } as Record<string, string> };
    });
    stream.on('error', () => {});
    stream.on('close', () => {
      const code = stream.rstCode;
      // A GOAWAY comes with the response, or right behind it.
      setTimeout(() => {
        session.destroy();
        resolve({ ...seen, closes: goAway, ...(code === 0 ? {} : { broken: code }) });
      }, 50);
    });
    stream.end();
  });
}

interface Row {
  readonly name: string;
  readonly ways: readonly Way[];
  readonly options: WayOptions;
  readonly headers?: Record<string, string>;
  /** Where the row is not the same for all. */
  readonly protocols?: readonly Protocol[];
  readonly status: number;
  readonly grpc: number;
  readonly text: RegExp;
  readonly closes: boolean;
  readonly metric?: string;
}

const BOTH: readonly Way[] = ['inbound', 'outbound'];
const INBOUND: readonly Way[] = ['inbound'];
const OUTBOUND: readonly Way[] = ['outbound'];

const failing =
  (failure: Partial<StreamFailure>) =>
  (response: ResponseSink): void =>
    response.responseFailed({ kind: 'io', code: 2, message: 'x', unprocessed: false, ...failure });

const withRule = (changes: Partial<OutboundRule>): WayOptions => ({
  http: (policy) => ({
    ...policy,
    routes: policy.routes.map((route) => ({
      ...route,
      rules: route.rules.map((rule) => ({ ...rule, ...changes })),
    })),
  }),
});

const CLIENT = 'client 10\\.0\\.0\\.5:4321: server';
const ENDPOINT = `(${CLIENT}|logical service 10\\.0\\.0\\.1:80: route web: backend web): endpoint [\\d.]+:\\d+`;

/** Facts sheet proxy-wire, section 8: what this proxy can come to. */
const ROWS: readonly Row[] = [
  {
    name: 'no route, inbound',
    ways: INBOUND,
    options: {
      policy: openPolicy({
        protocol: {
          kind: 'http1',
          routes: [routeOf('other', { hosts: [{ kind: 'exact', host: 'other' }] })],
        },
      }),
    },
    status: 404,
    grpc: 5,
    text: /^no route found for request$/,
    closes: false,
  },
  {
    name: 'unauthorized',
    ways: INBOUND,
    options: { policy: openPolicy({ authorizations: [] }) },
    status: 403,
    grpc: 7,
    text: /^unauthorized request on route$/,
    closes: false,
  },
  {
    name: 'an invalid server policy',
    ways: INBOUND,
    options: {
      policy: openPolicy({
        protocol: {
          kind: 'http1',
          routes: [
            routeOf('odd', {
              rules: [{ matches: [], filters: [{ kind: 'unknown' }] }],
              authorizations: openPolicy().authorizations,
            }),
          ],
        },
      }),
    },
    status: 500,
    grpc: 13,
    text: /^invalid server policy: server policy configured with unknown filter$/,
    closes: true,
    metric: 'unexpected',
  },
  {
    name: 'too many requests in flight',
    ways: BOTH,
    options: { config: { maxInFlight: 0 } },
    status: 503,
    grpc: 14,
    text: new RegExp(`^(${CLIENT}|server 10\\.0\\.0\\.1:80): service unavailable$`),
    closes: true,
    metric: 'loadshed',
  },
  {
    name: 'no route, outbound',
    ways: OUTBOUND,
    options: { http: (policy) => ({ ...policy, routes: [] }) },
    status: 404,
    grpc: 5,
    text: /^no route$/,
    closes: false,
  },
  {
    name: 'a failure that the policy wants',
    ways: OUTBOUND,
    options: withRule({ failure: { status: 418, message: 'short and stout' } }),
    status: 418,
    grpc: 9,
    text: /^short and stout$/,
    closes: false,
  },
  {
    name: 'a backend without dispatcher',
    ways: OUTBOUND,
    options: withRule({
      distribution: {
        kind: 'first-available',
        backends: [{ meta: serviceMeta('lost'), dispatcher: { kind: 'fail' } }],
      },
    }),
    status: 502,
    grpc: 14,
    text: /^backend for Service shop\/lost has no dispatcher$/,
    closes: true,
    metric: 'unexpected',
  },
  {
    name: 'no backend at all',
    ways: OUTBOUND,
    options: withRule({ distribution: { kind: 'empty' } }),
    status: 503,
    grpc: 14,
    text: /^service unavailable$/,
    closes: true,
    metric: 'loadshed',
  },
  {
    name: 'a destination that speaks no HTTP',
    ways: OUTBOUND,
    options: { http: () => undefined },
    status: 500,
    grpc: 13,
    text: /^unexpected error$/,
    closes: true,
    metric: 'unexpected',
  },
  {
    name: 'another identity than the app requires',
    ways: OUTBOUND,
    options: {},
    headers: { 'l5d-require-id': 'web.shop' },
    status: 502,
    grpc: 14,
    text: /^required id web\.shop, found none$/,
    closes: true,
    metric: 'identity required',
  },
  {
    name: 'no endpoint in time',
    ways: OUTBOUND,
    options: { isBalanced: true, isEmpty: true, config: { failfastTimeoutMs: 50 } },
    status: 504,
    grpc: 4,
    text: /^logical service 10\.0\.0\.1:80: route web: backend web: service in fail-fast$/,
    closes: true,
    metric: 'failfast',
  },
  {
    name: 'a full queue',
    ways: OUTBOUND,
    options: { isBalanced: true, isEmpty: true, config: { queueCapacity: 0 } },
    status: 503,
    grpc: 14,
    text: /^logical service 10\.0\.0\.1:80: route web: backend web: service unavailable$/,
    closes: true,
    metric: 'loadshed',
  },
  {
    name: 'a connection refused',
    ways: BOTH,
    options: { script: failing({ kind: 'connect', message: 'connect ECONNREFUSED' }) },
    status: 502,
    grpc: 14,
    text: new RegExp(`^${ENDPOINT}: connect ECONNREFUSED$`),
    closes: true,
    metric: 'i/o',
  },
  {
    name: 'a connection lost',
    ways: BOTH,
    options: { script: failing({ message: 'connection closed before message completed' }) },
    status: 502,
    grpc: 14,
    text: new RegExp(`^${ENDPOINT}: connection closed before message completed$`),
    closes: true,
    metric: 'i/o',
  },
  {
    name: 'a response that is no HTTP',
    ways: BOTH,
    options: { script: failing({ kind: 'protocol', code: 1, message: 'malformed status line' }) },
    status: 502,
    grpc: 14,
    text: new RegExp(`^${ENDPOINT}: malformed status line$`),
    closes: true,
    metric: 'i/o',
  },
  {
    name: 'a connect timeout',
    ways: BOTH,
    options: { script: failing({ kind: 'connect-timeout', message: 'connect timed out after 1s' }) },
    status: 504,
    grpc: 4,
    text: new RegExp(`^${ENDPOINT}: connect timed out after 1s$`),
    closes: true,
    metric: 'i/o',
  },
  {
    name: 'the reset of an upgraded stream',
    ways: OUTBOUND,
    options: { script: failing({ kind: 'reset', code: 8, message: 'stream reset' }), upgrades: true },
    protocols: ['HTTP/1.1'],
    status: 502,
    grpc: 14,
    text: /^upgraded connection failed with HTTP\/2 reset: stream reset$/,
    closes: true,
    metric: 'i/o',
  },
];

const cases = (wants: (row: Row) => readonly Protocol[]) =>
  ROWS.flatMap((row) => row.ways.flatMap((way) => wants(row).map((protocol) => ({ ...row, way, protocol }))));

function expectAnswer(seen: Seen, row: Row & { protocol: Protocol }, isTold: boolean): void {
  const { 'l5d-proxy-error': text, 'grpc-message': message, date, ...headers } = seen.headers;
  const close = row.closes ? { 'l5d-proxy-connection': 'close' } : {};
  const http1 = row.protocol === 'HTTP/1.1' && row.closes ? { connection: 'close' } : {};
  if (row.protocol === 'gRPC') {
    expect({ status: seen.status, headers }).toEqual({
      status: 200,
      headers: {
        'content-length': '0',
        'content-type': 'application/grpc',
        'grpc-status': String(row.grpc),
        ...close,
      },
    });
    if (isTold) expect(message).toBe(text);
    else expect(message).toBeUndefined();
  } else {
    expect({ status: seen.status, headers }).toEqual({
      status: row.status,
      headers: { 'content-length': '0', ...(isTold ? close : {}), ...http1 },
    });
  }
  if (isTold) expect(text).toMatch(row.text);
  else expect(text).toBeUndefined();
  if (row.protocol !== 'HTTP/1.1') expect(date).toBeDefined();
  expect([seen.body, seen.closes]).toEqual(['', row.closes]);
}

describe('errors as clients see them', () => {
  it.each(cases((row) => row.protocols ?? PROTOCOLS))('$way, $protocol: $name', async (row) => {
    const app = await startRawApp(() => {});
    const options = row.way === 'inbound' ? { tls: TLS, ...row.options } : row.options;
    const way = await openWay(row.way, app.port, options);
    expectAnswer(await ask(row.protocol, way.port, row.headers), row, true);
    const { families } = way[row.way === 'inbound' ? 'inbound' : 'outbound'];
    const counted = Object.keys(samplesOf(families, `${row.way}_http_errors_total`));
    expect(counted.map((labels) => /error="([^"]*)"/.exec(labels)?.[1])).toEqual(
      row.metric === undefined ? [] : [row.metric],
    );
  });

  it.each(cases((row) => (row.name === 'a connection lost' ? PROTOCOLS : ['HTTP/1.1'])))(
    '$way, $protocol: $name, where nobody may know why',
    async (row) => {
      const app = await startRawApp(() => {});
      const way = await openWay(row.way, app.port, { ...row.options, informationalHeaders: false });
      expectAnswer(await ask(row.protocol, way.port, row.headers), row, false);
    },
  );

  it('what comes while the gate is shut is shed', async () => {
    const way = await openWay('outbound', 1, {
      isBalanced: true,
      isEmpty: true,
      config: { failfastTimeoutMs: 50 },
    });
    expect((await ask('HTTP/1.1', way.port)).status).toBe(504);
    expect((await ask('HTTP/1.1', way.port)).status).toBe(503);
  });
});

describe('errors in the middle of a response', () => {
  const midway = (failure: Partial<StreamFailure>) => (response: ResponseSink) => {
    response.responseHead(responseOf(200, { 'content-type': 'text/plain' }), false);
    response.responseData(Buffer.from('part'), false);
    setTimeout(() => failing(failure)(response), 20);
  };
  const told = { tls: TLS };

  it.each(BOTH)('%s, HTTP/1.1: the connection is cut', async (way) => {
    const { port } = await openWay(way, 1, { ...told, script: midway({}) });
    expect(await ask('HTTP/1.1', port)).toMatchObject({ status: 200, broken: 'cut' });
  });

  it.each([
    ['inbound', 'a lost connection', {}, 2],
    ['outbound', 'a lost connection', {}, 2],
    ['inbound', 'a reset', { kind: 'reset', code: 11 } as const, 11],
    ['outbound', 'a reset', { kind: 'reset', code: 11 } as const, 11],
  ] as const)('%s, HTTP/2: %s is a RST_STREAM', async (way, _name, failure, code) => {
    const { port } = await openWay(way, 1, { ...told, script: midway(failure) });
    expect(await ask('HTTP/2', port)).toMatchObject({ status: 200, body: 'part', broken: code });
  });

  it.each([
    ['inbound', true],
    ['outbound', true],
    ['inbound', false],
    ['outbound', false],
  ] as const)('%s, gRPC: trailers say it, and why if the client may know (%s)', async (way, isTold) => {
    const options = { ...(isTold ? told : {}), informationalHeaders: isTold };
    const { port } = await openWay(way, 1, { ...options, script: midway({ message: 'connection closed' }) });
    const seen = await ask('gRPC', port);
    expect(seen).toMatchObject({ status: 200, body: 'part', trailers: { 'grpc-status': '14' } });
    expect(seen.broken).toBeUndefined();
    if (isTold) expect(seen.trailers?.['grpc-message']).toMatch(/endpoint .*: connection closed$/);
    else expect(seen.trailers).not.toHaveProperty('grpc-message');
  });

  it.each(BOTH)('%s, HTTP/2 and gRPC: a native reset goes on before a response, too', async (way) => {
    for (const protocol of ['HTTP/2', 'gRPC'] as const) {
      const script = failing({ kind: 'reset', code: 7 });
      const { port } = await openWay(way, 1, { ...told, script });
      expect(await ask(protocol, port)).toMatchObject({ status: 0, broken: 7, closes: false });
    }
  });
});

describe('errors of what has no room in the proxy yet', () => {
  it.each<[ProxyError, number, number, string, boolean]>([
    [redirected(301, 'http://other/x'), 301, 5, 'redirected', false],
    [PROXY_ERROR.invalidRedirect, 500, 13, 'unexpected error', true],
    [rateLimited('total', 10), 429, 8, 'total rate limit exceeded: 10rps', false],
    [rateLimited('per-identity', 10), 429, 8, 'per-identity rate limit exceeded: 10rps', false],
    [PROXY_ERROR.gatewayDomain, 404, 5, 'bad gateway domain', false],
    [PROXY_ERROR.gatewayLoop, 508, 10, 'gateway loop detected', true],
    [policyTimeout('response headers'), 504, 4, 'timed out waiting for response headers', false],
    [profileTimeout('5s'), 504, 4, 'HTTP response timeout after 5s', true],
    [injectedGrpcFailure(7, 'no'), 200, 7, 'no', false],
  ])('%o', async (error, status, grpc, text, closes) => {
    const port = await serveHandler({
      handleRequest: (head, _end, response) =>
        answerError(error, { head, response, emit: true, counter: createFamilies().outboundHttpErrors }),
    });
    const row = { name: '', ways: [], options: {}, status, grpc, closes };
    const pattern = new RegExp(`^${text}$`);
    for (const protocol of PROTOCOLS) {
      const seen = await ask(protocol, port);
      const { location, ...headers } = seen.headers;
      expect(location).toBe(protocol === 'gRPC' ? undefined : error.location);
      expectAnswer({ ...seen, headers }, { ...row, text: pattern, protocol }, true);
    }
  });
});
