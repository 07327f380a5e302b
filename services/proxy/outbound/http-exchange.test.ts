import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { HEADER } from '../contract.ts';
import { H2_ERROR, type StreamFailure } from '../http/exchange.ts';
import { VERSION } from '../http/head.ts';
import { endpointAt, type FakeEndpoint, fieldsOf, headersOf, responseOf } from './http-exchange.testing.ts';
import { createTestRouter } from './route/router.testing.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const GRPC = {
  method: 'POST',
  version: VERSION.http2,
  headers: { 'content-type': 'application/grpc+proto' },
};
const TLS = { serverId: 'web.shop', serverName: 'web.shop' };
const GONE: StreamFailure = { kind: 'goaway', code: 7, message: 'server is closing', unprocessed: true };
const REFUSED: StreamFailure = {
  kind: 'connect',
  code: 7,
  message: 'connect ECONNREFUSED',
  unprocessed: true,
};

describe('a request with an endpoint ready', () => {
  it('passes both ways and is counted once, with what its labels say', () => {
    const { context, send, endpoint, samples, expectCounted } = createTestRouter();
    const { client, sink } = send({ method: 'POST', bodyLength: -1 }, false);
    const { call } = endpoint();
    expect(endpoint().ewma.inFlight).toBe(1);
    sink.requestData(Buffer.from('ab'), false);
    call.response.requestCredit(2);
    sink.requestTrailers(fieldsOf({ 'x-sum': '1' }));
    context.clock.ms += 40;
    call.response.responseHead(responseOf(201), false);
    call.response.responseData(Buffer.from('yes'), false);
    sink.responseCredit(3);
    call.response.responseTrailers(fieldsOf({ 'x-end': '1' }));
    sink.responseCredit(7);
    expect(call.log).toEqual(['data ab', 'trailers x-sum', 'credit 3', 'credit 7']);
    expect(client.log).toEqual(['201', 'data yes', 'trailers x-end end']);
    expect(client.credited).toBe(2);
    expectCounted(1);
    expect(samples('response_total')).toEqual({
      'target_ip="10.1.0.1",status_code="201",classification="success",grpc_status="",error=""': 1,
    });
    expect(samples('outbound_http_route_request_statuses_total')).toEqual({
      'parent_group="core",parent_kind="Service",parent_namespace="shop",parent_name="web",parent_port="80",parent_section_name="",route_group="core",route_kind="Service",route_namespace="shop",route_name="route",hostname="",http_status="201",error=""': 1,
    });
    expect(samples('response_latency_ms_sum')).toEqual({ 'target_ip="10.1.0.1",status_code="201"': 40 });
  });

  it('samples the load when the first data comes, not when the head does', () => {
    const { context, send, endpoint } = createTestRouter();
    send();
    context.clock.ms += 500;
    endpoint().call.response.responseHead(responseOf(200), false);
    expect(endpoint().load(context.clock.ms)).toBeLessThan(100);
    endpoint().call.response.responseData(Buffer.from('x'), false);
    context.clock.ms += 5000;
    endpoint().call.response.responseData(Buffer.from('x'), true);
    expect(endpoint().load(context.clock.ms)).toBeCloseTo(500 * Math.exp(-0.5));
  });

  it('strips what only this proxy reads, and what only the peer says to it', () => {
    const { send, endpoint } = createTestRouter({ endpoints: [endpointAt('10.1.0.1', { tls: TLS })] });
    const { client } = send({
      headers: { 'l5d-require-id': 'web.shop', 'l5d-orig-proto': 'HTTP/1.0', a: 'b' },
    });
    expect(headersOf(endpoint().call.head)).toEqual({ a: 'b' });
    const peer = {
      'l5d-orig-proto': 'HTTP/1.1',
      'l5d-proxy-error': 'x',
      'l5d-proxy-connection': 'close',
      c: 'd',
    };
    endpoint().call.response.responseHead(responseOf(200, peer), true);
    expect(headersOf(client.head!)).toEqual({ c: 'd' });
  });

  it('logs what a peer’s proxy says of an error', () => {
    const { context, send, endpoint } = createTestRouter();
    send();
    endpoint().call.response.responseHead(responseOf(502, { 'l5d-proxy-error': 'connect refused' }), true);
    expect(context.lines.join()).toMatch(/Remote proxy error.*connect refused/);
  });

  it('goes as HTTP/1 where it may leave HTTP, also to a peer that others are upgraded for', () => {
    const { send, endpoint } = createTestRouter();
    endpoint().upgrades = true;
    for (const tunnel of [{ upgrade: 'websocket' }, { method: 'CONNECT', path: '' }]) {
      send(tunnel);
      expect(headersOf(endpoint().call.head)).toEqual({});
    }
  });

  it('says its original version to a peer that it is upgraded for', () => {
    const { send, endpoint } = createTestRouter();
    endpoint().upgrades = true;
    send({ absoluteForm: true });
    expect(headersOf(endpoint().call.head)).toEqual({ 'l5d-orig-proto': 'HTTP/1.1; absolute-form' });
  });

  it('counts gRPC by its status, from trailers or from the head alone', () => {
    const { send, endpoint, samples, expectCounted } = createTestRouter({ isGrpc: true });
    const finish = (status: string) => {
      send(GRPC);
      const { response } = endpoint().call;
      if (status === '') response.responseHead(responseOf(200), true);
      else if (status === '5') response.responseHead(responseOf(200, { 'grpc-status': '5' }), true);
      else {
        response.responseHead(responseOf(200), false);
        response.responseTrailers(fieldsOf({ 'grpc-status': status }));
      }
    };
    for (const status of ['0', '14', '5', '']) finish(status);
    expectCounted(4);
    const byStatus = Object.entries(samples('outbound_grpc_route_request_statuses_total')).map(
      ([labels, count]) => [/grpc_status="(\w*)"/.exec(labels)?.[1], count],
    );
    expect(byStatus).toEqual([
      ['OK', 1],
      ['UNAVAILABLE', 1],
      ['NOT_FOUND', 1],
      ['UNKNOWN', 1],
    ]);
    const failures = Object.keys(samples('response_total')).filter((labels) => labels.includes('failure'));
    expect(failures).toEqual([
      'target_ip="10.1.0.1",status_code="200",classification="failure",grpc_status="14",error=""',
    ]);
  });

  it('counts gRPC on a route that is not of gRPC as HTTP, and classifies it by its status all the same', () => {
    const { send, endpoint, samples, expectCounted } = createTestRouter();
    send(GRPC);
    const { response } = endpoint().call;
    response.responseHead(responseOf(200), false);
    response.responseTrailers(fieldsOf({ 'grpc-status': '14' }));
    expectCounted(1);
    expect(Object.keys(samples('outbound_http_route_request_statuses_total'))[0]).toContain(
      'http_status="200",error=""',
    );
    expect(Object.keys(samples('response_total'))[0]).toContain('classification="failure",grpc_status="14"');
  });
});

describe('a request without an endpoint ready', () => {
  it('holds its body until there is one', () => {
    const { send, endpoint, expectCounted } = createTestRouter();
    endpoint().become('connecting');
    const { client, sink } = send({ method: 'POST', bodyLength: -1 }, false);
    const chunk = Buffer.from('ab');
    sink.requestData(chunk, false);
    // Chunks are lent.
    chunk.fill('x');
    sink.requestData(Buffer.from('cd'), true);
    expect(client.credited).toBe(0);
    endpoint().become('ready');
    expect(endpoint().call.end).toBe(false);
    expect(endpoint().call.log).toEqual(['data ab', 'data cd end']);
    endpoint().call.response.responseHead(responseOf(200), true);
    expectCounted(1);
  });

  it('holds trailers, alone or after a body', () => {
    const { send, endpoint } = createTestRouter();
    endpoint().become('connecting');
    const { sink } = send({ method: 'POST', bodyLength: -1 }, false);
    sink.requestTrailers(fieldsOf({ t: '1' }));
    endpoint().become('ready');
    expect(endpoint().call.end).toBe(false);
    expect(endpoint().call.log).toEqual(['trailers t']);
  });

  it('fails fast with the error of the table, and lets an upload run out', () => {
    const { send, endpoint, samples, total, expectCounted } = createTestRouter();
    endpoint().become('connecting');
    const { client, sink } = send({ method: 'POST', bodyLength: -1 }, false);
    sink.requestData(Buffer.alloc(100), false);
    vi.advanceTimersByTime(3000);
    expect(client.log).toEqual(['close', '504 end']);
    expect(headersOf(client.head!)).toEqual({
      'content-length': '0',
      'l5d-proxy-error': 'logical service 10.0.0.1:80: route route: backend web: service in fail-fast',
      'l5d-proxy-connection': 'close',
    });
    sink.requestData(Buffer.alloc(50), true);
    expect(client.credited).toBe(150);
    expectCounted(1, 0);
    expect(samples('outbound_http_errors_total')).toEqual({ 'error="failfast"': 1 });
    expect(Object.keys(samples('outbound_http_route_request_statuses_total'))[0]).toContain(
      'http_status="",error="FAIL_FAST"',
    );
    expect(total('outbound_http_route_backend_requests_total')).toBe(1);
  });

  it('is dropped when its client goes, and counted as cancelled', () => {
    const { send, endpoint, samples, expectCounted } = createTestRouter();
    endpoint().become('connecting');
    const { client, sink } = send();
    sink.requestCancelled(H2_ERROR.cancel);
    endpoint().become('ready');
    expect(endpoint().calls).toEqual([]);
    expect(client.log).toEqual([]);
    expectCounted(1, 0);
    expect(Object.keys(samples('outbound_http_route_request_statuses_total'))[0]).toContain(
      'http_status="",error="CANCEL"',
    );
  });

  it('tells nobody why where informational headers are off', () => {
    const { send, endpoint } = createTestRouter({ informationalHeaders: false });
    endpoint().become('connecting');
    const { client } = send();
    vi.advanceTimersByTime(3000);
    expect(headersOf(client.head!)).toEqual({ 'content-length': '0' });
  });
});

describe('a request that is cancelled', () => {
  it.each(['before the head', 'in the body', 'after the response'])('%s', (phase) => {
    const { send, endpoint, samples, expectCounted } = createTestRouter();
    const { sink } = send({ method: 'POST', bodyLength: -1 }, false);
    const { call } = endpoint();
    if (phase !== 'before the head')
      call.response.responseHead(responseOf(200), phase === 'after the response');
    if (phase === 'in the body') call.response.responseData(Buffer.from('x'), false);
    sink.requestCancelled(H2_ERROR.cancel);
    expect(call.log).toEqual([`cancelled ${H2_ERROR.cancel}`]);
    expectCounted(1, 1, phase === 'before the head' ? 0 : 1);
    // An app that gives up says nothing of the endpoint.
    expect(Object.keys(samples('response_total'))).toEqual(
      phase === 'before the head'
        ? []
        : ['target_ip="10.1.0.1",status_code="200",classification="success",grpc_status="",error=""'],
    );
  });

  it('by a server codec at the end of the response is a whole response all the same', () => {
    const { send, endpoint, samples, expectCounted } = createTestRouter();
    const { client, sink } = send({ method: 'POST', bodyLength: -1 }, false);
    // The HTTP/1 server gives up what is left of a body when its response is over.
    client.onEnd = () => sink.requestCancelled(H2_ERROR.noError);
    endpoint().call.response.responseHead(responseOf(413), true);
    expect(endpoint().call.log).toEqual([`cancelled ${H2_ERROR.noError}`]);
    expectCounted(1);
    expect(Object.keys(samples('response_total'))).toEqual([
      'target_ip="10.1.0.1",status_code="413",classification="success",grpc_status="",error=""',
    ]);
  });

  it('may go on sending after its response is over', () => {
    const { send, endpoint, expectCounted } = createTestRouter();
    const { client, sink } = send({ method: 'POST', bodyLength: -1 }, false);
    endpoint().call.response.responseHead(responseOf(200), true);
    sink.requestData(Buffer.from('late'), true);
    endpoint().call.response.requestCredit(4);
    expect(endpoint().call.log).toEqual(['data late end']);
    expect(client.credited).toBe(4);
    expectCounted(1);
  });
});

describe('a failure', () => {
  it.each<[StreamFailure, number, string]>([
    [REFUSED, 502, 'endpoint 10.1.0.1:80: connect ECONNREFUSED'],
    [
      { ...REFUSED, kind: 'connect-timeout', message: 'connect timed out after 1s' },
      504,
      'endpoint 10.1.0.1:80: connect timed out after 1s',
    ],
    [
      { kind: 'io', code: 2, message: 'connection closed', unprocessed: false },
      502,
      'endpoint 10.1.0.1:80: connection closed',
    ],
  ])('before a response is answered for, and counted by the answer: %o', (failure, status, text) => {
    const { send, endpoint, samples, expectCounted } = createTestRouter();
    const { client } = send();
    endpoint().call.response.responseFailed(failure);
    expect(client.log).toEqual(['close', `${status} end`]);
    expect(headersOf(client.head!)['l5d-proxy-error']).toBe(
      `logical service 10.0.0.1:80: route route: backend web: ${text}`,
    );
    expectCounted(1);
    expect(Object.keys(samples('outbound_http_route_request_statuses_total'))[0]).toContain(
      `http_status="${status}",error=""`,
    );
  });

  it('of a native HTTP/2 stream is passed on as it is, of an upgraded one as 502', () => {
    const { send, endpoint, samples, expectCounted } = createTestRouter();
    const reset: StreamFailure = {
      kind: 'reset',
      code: H2_ERROR.cancel,
      message: 'reset',
      unprocessed: false,
    };
    const native = send({ version: VERSION.http2 });
    endpoint().call.response.responseFailed(reset);
    expect(native.client.log).toEqual(['failed reset']);
    expect(Object.keys(samples('response_total'))).toEqual([
      'target_ip="10.1.0.1",classification="failure",grpc_status="",error="h2(CANCEL)"',
    ]);
    endpoint().upgrades = true;
    const upgraded = send();
    endpoint().call.response.responseFailed(reset);
    expect(upgraded.client.log).toEqual(['close', '502 end']);
    expect(headersOf(upgraded.client.head!)['l5d-proxy-error']).toBe(
      'upgraded connection failed with HTTP/2 reset: reset',
    );
    expectCounted(2);
  });

  it('after a head ends the response mid-body', () => {
    const { send, endpoint, samples, expectCounted } = createTestRouter();
    const { client } = send();
    const { response } = endpoint().call;
    response.responseHead(responseOf(200), false);
    response.responseFailed({ kind: 'io', code: 2, message: 'connection closed', unprocessed: false });
    response.responseFailed(GONE);
    expect(client.log).toEqual(['200', 'failed io']);
    expectCounted(1);
    expect(Object.keys(samples('response_total'))[0]).toContain(
      'classification="failure",grpc_status="",error="unclassified"',
    );
    expect(Object.keys(samples('outbound_http_route_request_statuses_total'))[0]).toContain(
      'http_status="200",error="IO"',
    );
  });

  it('takes the gRPC form for gRPC', () => {
    const { send, endpoint, expectCounted } = createTestRouter();
    const { client } = send(GRPC);
    endpoint().call.response.responseFailed(REFUSED);
    expect(client.log).toEqual(['close', '200 end']);
    expect(headersOf(client.head!)).toMatchObject({
      'grpc-status': '14',
      'content-type': 'application/grpc',
    });
    expectCounted(1);
  });

  it('gives credit for body bytes that went down with the connection', () => {
    const { send, endpoint } = createTestRouter();
    const { client, sink } = send({ method: 'POST', bodyLength: -1 }, false);
    sink.requestData(Buffer.alloc(1000), false);
    endpoint().call.response.requestCredit(400);
    endpoint().call.response.responseFailed(REFUSED);
    expect(client.credited).toBe(1000);
    sink.requestData(Buffer.alloc(10), true);
    expect(client.credited).toBe(1010);
  });
});

describe('a request that was certainly not processed', () => {
  const two = [endpointAt('10.1.0.1'), endpointAt('10.1.0.2')];
  const other = (endpoints: readonly FakeEndpoint[]) => {
    const used = endpoints.find(({ calls }) => calls.length > 0)!;
    return { used, unused: endpoints.find((endpoint) => endpoint !== used)! };
  };

  it('goes elsewhere; each attempt is counted', () => {
    const { send, of, expectCounted } = createTestRouter({ endpoints: two });
    const { client, sink } = send({ method: 'POST', bodyLength: -1 }, false);
    const { used, unused } = other(of('web'));
    // As an endpoint does that cannot connect.
    used.become('backoff');
    used.call.response.responseFailed(REFUSED);
    sink.requestData(Buffer.from('body'), true);
    expect(unused.call.log).toEqual(['data body end']);
    unused.call.response.responseHead(responseOf(200), true);
    expect(client.log).toEqual(['200 end']);
    expectCounted(1, 2);
  });

  it.each([502, 504])('goes elsewhere when the peer says by a %i that its app is not there', (status) => {
    const { send, of, expectCounted } = createTestRouter({ endpoints: two });
    const { client } = send({ method: 'POST', bodyLength: -1 }, false);
    const { used, unused } = other(of('web'));
    used.call.response.responseHead(responseOf(status, { [HEADER.unprocessed]: 'true' }), true);
    expect(used.pauses).toBe(1);
    // What is left of the request is not wanted there.
    expect(used.call.log).toEqual([`cancelled ${H2_ERROR.cancel}`]);
    unused.call.response.responseHead(responseOf(200), true);
    expect(client.log).toEqual(['200 end']);
    expectCounted(1, 2);
  });

  it('waits for the same endpoint when its connection goes away, and gives up after three attempts', () => {
    const { send, endpoint, expectCounted } = createTestRouter();
    const { client } = send();
    endpoint().become('connecting');
    endpoint().call.response.responseFailed(GONE);
    expect(client.log).toEqual([]);
    endpoint().become('ready');
    endpoint().call.response.responseFailed(GONE);
    endpoint().call.response.responseFailed(GONE);
    expect(endpoint().calls).toHaveLength(3);
    expect(client.log).toEqual(['close', '502 end']);
    expectCounted(1, 3);
  });

  it('keeps to the attempt that was taken when the one before failed within its call', () => {
    const { send, endpoint, expectCounted } = createTestRouter();
    endpoint().onRequest = (call) => {
      endpoint().onRequest = undefined;
      call.response.responseFailed(GONE);
    };
    const { client, sink } = send({ method: 'POST', bodyLength: -1 }, false);
    sink.requestData(Buffer.from('body'), true);
    expect(endpoint().calls.map(({ log }) => log)).toEqual([[], ['data body end']]);
    endpoint().call.response.responseHead(responseOf(200), true);
    expect(client.log).toEqual(['200 end']);
    expectCounted(1, 2);
  });

  it.each(['data', 'trailers'])('is not sent again once %s has left', (what) => {
    const { send, of, expectCounted } = createTestRouter({ endpoints: two });
    const { client, sink } = send({ method: 'POST', bodyLength: -1 }, false);
    if (what === 'data') sink.requestData(Buffer.from('x'), false);
    else sink.requestTrailers(fieldsOf({ t: '1' }));
    other(of('web')).used.call.response.responseFailed(GONE);
    expect(client.log).toEqual(['close', '502 end']);
    expectCounted(1);
  });

  it('is not sent again without anywhere else to go', () => {
    const { send, endpoint } = createTestRouter();
    const { client } = send();
    endpoint().call.response.responseFailed(REFUSED);
    expect(client.log).toEqual(['close', '502 end']);
    expect(endpoint().calls).toHaveLength(1);
  });
});
