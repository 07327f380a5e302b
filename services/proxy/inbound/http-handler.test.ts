import { describe, expect, it } from 'vitest';
import { HEADER } from '../contract.ts';
import { H2_ERROR, type StreamFailure } from '../http/exchange.ts';
import type { RequestHead } from '../http/head.ts';
import { VERSION } from '../http/head.ts';
import { samplesOf, totalOf } from '../outbound/dispatch.testing.ts';
import { Client, fieldsOf, headersOf, requestOf, responseOf } from '../outbound/http-exchange.testing.ts';
import { authorizationOf, createConnection, openPolicy, PLAIN, routeOf, TLS } from './connection.testing.ts';
import { InboundHandler } from './http-handler.ts';

const UPGRADED = { version: VERSION.http2, headers: { 'l5d-orig-proto': 'HTTP/1.1' } };
const REFUSED: StreamFailure = {
  kind: 'connect',
  code: 7,
  message: 'connect ECONNREFUSED',
  unprocessed: true,
};

function setUp(options: Parameters<typeof createConnection>[0] = {}) {
  const { connection, calls, lines, families } = createConnection(options);
  const handler = new InboundHandler(connection);
  const send = (head: RequestHead = requestOf(), end = true) => {
    const client = new Client();
    const sink = handler.handleRequest(head, end, client);
    return { client, sink };
  };
  const expectCounted = (requests: number, responses = requests) => {
    for (const metric of ['response_total', 'response_latency_ms_count'])
      expect([metric, totalOf(families, metric)]).toEqual([metric, responses]);
    for (const metric of [
      'request_total',
      'inbound_http_authz_allow_total',
      'inbound_http_requests_total',
      'inbound_http_statuses_total',
      'inbound_http_request_duration_seconds_count',
    ]) {
      expect([metric, totalOf(families, metric)]).toEqual([metric, requests]);
    }
  };
  const samples = (metric: string) => samplesOf(families, metric);
  return { connection, calls, lines, send, samples, expectCounted };
}

describe('the head as the app gets it', () => {
  const headFor = (head: RequestHead, tls = TLS) => {
    const { send, calls } = setUp({ tls });
    send(head);
    return calls[0]!.head;
  };

  it('names the client that proved its identity, and only it', () => {
    const spoofed = requestOf({ headers: { 'l5d-client-id': 'admin.shop', a: 'b' } });
    expect(headersOf(headFor(spoofed))).toEqual({ a: 'b', 'l5d-client-id': 'cart.shop' });
    expect(headersOf(headFor(spoofed, PLAIN))).toEqual({ a: 'b' });
    expect(headersOf(headFor(spoofed, { kind: 'established', clientId: undefined }))).toEqual({ a: 'b' });
  });

  it.each<[string, number, boolean]>([
    ['HTTP/1.1', VERSION.http11, false],
    ['HTTP/1.0', VERSION.http10, false],
    ['HTTP/1.1; absolute-form', VERSION.http11, true],
    ['HTTP/1.0; absolute-form', VERSION.http10, true],
  ])('is that of %s again where the peer had upgraded it', (origProto, version, absoluteForm) => {
    const head = headFor(
      requestOf({ version: VERSION.http2, scheme: 'https', headers: { 'l5d-orig-proto': origProto } }),
      PLAIN,
    );
    expect(head).toMatchObject({ version, absoluteForm, scheme: 'http', fields: [] });
  });

  it('stays HTTP/2 where it was; an HTTP/1 client cannot pretend an upgrade', () => {
    expect(headFor(requestOf({ version: VERSION.http2 })).version).toBe(VERSION.http2);
    const pretended = headFor(requestOf({ headers: { 'l5d-orig-proto': 'HTTP/1.0' } }), PLAIN);
    expect(pretended).toMatchObject({ version: VERSION.http11, fields: [] });
  });
});

describe('a request', () => {
  it('passes both ways and is counted once, with the labels of the sheet', () => {
    const { send, calls, samples, expectCounted } = setUp();
    const { client, sink } = send(requestOf({ method: 'POST', bodyLength: -1 }), false);
    const [call] = calls;
    sink.requestData(Buffer.from('ab'), true);
    call!.response.requestCredit(2);
    call!.response.responseHead(responseOf(200), false);
    call!.response.responseData(Buffer.from('ok'), false);
    sink.responseCredit(2);
    call!.response.responseTrailers(fieldsOf({ t: '1' }));
    expect(call!.log).toEqual(['data ab end', 'credit 2']);
    expect(client.log).toEqual(['200', 'data ok', 'trailers t end']);
    expect(client.credited).toBe(2);
    expectCounted(1);
    const target = 'target_addr="10.0.0.7:8080",target_ip="10.0.0.7",target_port="8080"';
    const tls = 'tls="true",client_id="cart.shop"';
    const server = 'srv_group="",srv_kind="default",srv_name="all-unauthenticated",srv_port="8080"';
    const route = 'route_group="",route_kind="default",route_name="default"';
    const authz = 'authz_group="",authz_kind="default",authz_name="all-unauthenticated"';
    const endpoint = `direction="inbound",${target},${tls},${server},${route},${authz}`;
    expect(samples('request_total')).toEqual({ [endpoint]: 1 });
    expect(samples('response_total')).toEqual({
      [`${endpoint},status_code="200",classification="success",grpc_status="",error=""`]: 1,
    });
    expect(samples('inbound_http_authz_allow_total')).toEqual({
      [`${target},${server},${route},${authz},${tls}`]: 1,
    });
    expect(samples('inbound_http_statuses_total')).toEqual({
      [`parent_group="",parent_kind="default",parent_name="all-unauthenticated",parent_port="8080",${route},status="200"`]: 1,
    });
  });

  it('that was upgraded gets the version of the response said', () => {
    const { send, calls } = setUp();
    const { client } = send(requestOf(UPGRADED));
    calls[0]!.response.responseHead(responseOf(200, { a: 'b' }), true);
    expect(headersOf(client.head!)).toEqual({ a: 'b', 'l5d-orig-proto': 'HTTP/1.1' });
    const native = send(requestOf({ version: VERSION.http2 }));
    calls[1]!.response.responseHead(responseOf(200), true);
    expect(headersOf(native.client.head!)).toEqual({});
  });

  it('is counted once when its client goes, or its server codec gives up the rest of its body', () => {
    const { send, calls, samples, expectCounted } = setUp();
    const gone = send();
    gone.sink.requestCancelled(H2_ERROR.cancel);
    expect(calls[0]!.log).toEqual(['cancelled 8']);
    const early = send(requestOf({ method: 'POST', bodyLength: -1 }), false);
    early.client.onEnd = () => early.sink.requestCancelled(H2_ERROR.noError);
    calls[1]!.response.responseHead(responseOf(413), true);
    // A client that goes says nothing of the app.
    expectCounted(2, 1);
    expect(Object.keys(samples('inbound_http_statuses_total'))).toEqual([
      expect.stringContaining('status=""'),
      expect.stringContaining('status="413"'),
    ]);
  });

  it('is answered for when the app cannot be reached; a meshed client hears why, and that it may go elsewhere', () => {
    const { send, calls, samples, expectCounted } = setUp();
    const { client, sink } = send(requestOf({ method: 'POST', bodyLength: -1 }), false);
    sink.requestData(Buffer.alloc(500), false);
    calls[0]!.response.responseFailed(REFUSED);
    expect(client.log).toEqual(['close', '502 end']);
    expect(headersOf(client.head!)).toEqual({
      'content-length': '0',
      'l5d-proxy-error': 'client 10.0.0.5:4321: server: endpoint 10.0.0.7:8080: connect ECONNREFUSED',
      'l5d-proxy-connection': 'close',
      [HEADER.unprocessed]: 'true',
    });
    // No byte of a body may stay uncredited: the connection carries other requests, too.
    sink.requestData(Buffer.alloc(70), true);
    expect(client.credited).toBe(570);
    expectCounted(1);
    expect(Object.keys(samples('inbound_http_errors_total'))[0]).toMatch(
      /^error="i\/o",target_addr=.*srv_port="8080"$/,
    );
  });

  it('does not end an upgraded connection: it carries the requests of many', () => {
    const { send, calls } = setUp();
    const { client } = send(requestOf(UPGRADED));
    calls[0]!.response.responseFailed({
      ...REFUSED,
      kind: 'connect-timeout',
      message: 'connect timed out after 100ms',
    });
    expect(client.log).toEqual(['504 end']);
  });

  it('tells an unmeshed client nothing', () => {
    const { send, calls } = setUp({ tls: PLAIN });
    const { client } = send();
    calls[0]!.response.responseFailed(REFUSED);
    expect(headersOf(client.head!)).toEqual({ 'content-length': '0' });
  });

  it('passes on a native reset, and the end of a response that had begun', () => {
    const { send, calls, expectCounted } = setUp();
    const reset: StreamFailure = { kind: 'reset', code: 8, message: 'reset', unprocessed: false };
    const native = send(requestOf({ version: VERSION.http2 }));
    calls[0]!.response.responseFailed(reset);
    expect(native.client.log).toEqual(['failed reset']);
    const begun = send();
    calls[1]!.response.responseHead(responseOf(200), false);
    calls[1]!.response.responseFailed({ ...REFUSED, kind: 'io' });
    expect(begun.client.log).toEqual(['200', 'failed io']);
    expectCounted(2);
  });

  it('of gRPC is answered in the gRPC form, but not behind an upgrade', () => {
    const { send, calls } = setUp();
    const headers = { 'content-type': 'application/grpc' };
    const native = send(requestOf({ version: VERSION.http2, headers }));
    calls[0]!.response.responseFailed(REFUSED);
    expect(native.client.head?.status).toBe(200);
    expect(headersOf(native.client.head!)).toMatchObject({ 'grpc-status': '14' });
    const upgraded = send(
      requestOf({ version: VERSION.http2, headers: { ...headers, ...UPGRADED.headers } }),
    );
    calls[1]!.response.responseFailed(REFUSED);
    expect(upgraded.client.head?.status).toBe(502);
  });
});

describe('the policy of the port', () => {
  it('refuses who is not admitted, and says so to who is known', () => {
    const nobody = openPolicy({ authorizations: [] });
    const { send, calls, samples, lines } = setUp({ policy: nobody });
    const { client } = send();
    expect(client.log).toEqual(['403 end']);
    expect(headersOf(client.head!)['l5d-proxy-error']).toBe('unauthorized request on route');
    expect(calls).toEqual([]);
    expect(Object.keys(samples('inbound_http_authz_deny_total'))[0]).toMatch(
      /^target_addr=.*srv_port="8080",route_group="",route_kind="default",route_name="default",tls="true",client_id="cart.shop"$/,
    );
    expect(samples('inbound_http_errors_total')).toEqual({});
    expect(lines.join()).toContain('Request denied');
    const plain = setUp({ policy: nobody, tls: PLAIN }).send();
    expect(headersOf(plain.client.head!)).toEqual({ 'content-length': '0' });
  });

  it('holds for the next request on the same connection when it changes, also for remembered heads', () => {
    const { connection, send, calls } = setUp();
    const head = requestOf({ repeated: true });
    send(head);
    send(head);
    expect(calls[0]!.head).toBe(calls[1]!.head);
    connection.port.set(openPolicy({ authorizations: [] }));
    expect(send(head).client.log).toEqual(['403 end']);
    connection.port.set(openPolicy());
    expect(send(head).client.log).toEqual([]);
    expect(calls).toHaveLength(3);
  });

  it('does not let a head that another connection remembered through', () => {
    const head = requestOf({ repeated: true });
    setUp().send(head);
    const other = setUp({ policy: openPolicy({ authorizations: [] }) });
    expect(other.send(head).client.log).toEqual(['403 end']);
  });

  it('routes: the authorizations of the route come before those of the server; no route is 404', () => {
    const path = (value: string) => ({
      matches: [{ path: { kind: 'prefix', value } as const, headers: [], queryParams: [] }],
      filters: [],
    });
    const meshed = authorizationOf('meshed', {
      authentication: { kind: 'mesh-tls', identities: new Set(['cart.shop']), suffixes: [] },
    });
    const policy = openPolicy({
      authorizations: [authorizationOf('everybody', { networks: [] })],
      protocol: {
        kind: 'http1',
        routes: [
          routeOf('open', { rules: [path('/open')], authorizations: [meshed] }),
          routeOf('closed', { rules: [path('/closed')] }),
          routeOf('odd', {
            rules: [{ ...path('/odd'), filters: [{ kind: 'unknown' }] }],
            authorizations: [meshed],
          }),
        ],
      },
    });
    const { send, samples } = setUp({ policy });
    expect(send(requestOf({ path: '/open' })).client.log).toEqual([]);
    expect(Object.keys(samples('inbound_http_authz_allow_total'))[0]).toContain('authz_name="meshed"');
    expect(send(requestOf({ path: '/closed' })).client.log).toEqual(['403 end']);
    expect(send(requestOf({ path: '/odd' })).client.log).toEqual(['close', '500 end']);
    const { client } = send(requestOf({ path: '/other' }));
    expect(client.log).toEqual(['404 end']);
    expect(headersOf(client.head!)['l5d-proxy-error']).toBe('no route found for request');
    expect(Object.keys(samples('inbound_http_route_not_found_total'))[0]).toMatch(
      /^target_addr=.*srv_port="8080",tls="true",client_id="cart.shop"$/,
    );
  });

  it.each(['opaque', 'tls'] as const)('refuses requests on a port that became %s', (kind) => {
    const { connection, send } = setUp();
    connection.port.set(openPolicy({ protocol: { kind } }));
    expect(send().client.log).toEqual(['403 end']);
  });
});

describe('authority labels', () => {
  it('are of inbound requests where they are asked for, and nowhere else', () => {
    const { connection, families } = createConnection();
    const authorities = () =>
      Object.keys(samplesOf(families, 'request_total')).map(
        (labels) => /authority="([^"]*)"/.exec(labels)?.[1],
      );
    new InboundHandler(connection).handleRequest(requestOf(), true, new Client());
    expect(authorities()).toEqual([undefined]);
    const labelled = { ...connection, context: { ...connection.context, authorityLabels: true } };
    const handler = new InboundHandler(labelled);
    for (let at = 0; at < 2; at++) handler.handleRequest(requestOf(), true, new Client());
    expect(authorities()).toEqual([undefined, requestOf().authority]);
    expect(totalOf(families, 'request_total')).toBe(3);
  });
});
