import { describe, expect, it } from 'vitest';
import {
  buildErrorHead,
  connectFailed,
  connectTimedOut,
  failFast,
  noDispatcher,
  PROXY_ERROR,
  type ProxyError,
  requiredIdMismatch,
  withContext,
} from './errors.ts';

const fieldsOf = (
  error: ProxyError,
  options: { isGrpc?: boolean; emit?: boolean; unprocessed?: boolean } = {},
) => {
  const head = buildErrorHead(error, { isGrpc: false, emit: true, ...options });
  return { status: head.status, ...Object.fromEntries(head.fields.map(({ name, value }) => [name, value])) };
};

describe('errors of the proxy', () => {
  // Facts sheet proxy-wire, section 8: status, gRPC status, text, whether the connection closes; proxy-metrics, 5.
  it.each<[ProxyError, number, number, string, boolean, string | undefined]>([
    [PROXY_ERROR.noRouteInbound, 404, 5, 'no route found for request', false, undefined],
    [PROXY_ERROR.noRouteOutbound, 404, 5, 'no route', false, undefined],
    [PROXY_ERROR.unauthorized, 403, 7, 'unauthorized request on route', false, undefined],
    [PROXY_ERROR.invalidPolicy, 500, 13, 'unexpected error', true, 'unexpected'],
    [
      PROXY_ERROR.invalidServerPolicy,
      500,
      13,
      'invalid server policy: server policy configured with unknown filter',
      true,
      'unexpected',
    ],
    [failFast(undefined), 504, 4, 'service in fail-fast', true, 'failfast'],
    [PROXY_ERROR.loadShed, 503, 14, 'service unavailable', true, 'loadshed'],
    [PROXY_ERROR.unexpected, 500, 13, 'unexpected error', true, 'unexpected'],
    [requiredIdMismatch('a.b', 'c.d'), 502, 14, 'required id a.b, found c.d', true, 'identity required'],
    [requiredIdMismatch('a.b', undefined), 502, 14, 'required id a.b, found none', true, 'identity required'],
    [
      noDispatcher('Service', 'shop/web'),
      502,
      14,
      'backend for Service shop/web has no dispatcher',
      true,
      'unexpected',
    ],
    [connectFailed('refused'), 502, 14, 'refused', true, 'i/o'],
    [connectTimedOut('connect timed out after 1s'), 504, 4, 'connect timed out after 1s', true, 'i/o'],
  ])('%o', (error, status, grpcStatus, message, close, metric) => {
    expect(error).toEqual({ status, grpcStatus, message, close, metric });
  });

  it('are told to the app by status and header, with an empty body', () => {
    expect(fieldsOf(withContext(PROXY_ERROR.loadShed, 'logical service 10.0.0.1:80'))).toEqual({
      status: 503,
      'content-length': '0',
      'l5d-proxy-error': 'logical service 10.0.0.1:80: service unavailable',
      'l5d-proxy-connection': 'close',
    });
    expect(fieldsOf(PROXY_ERROR.unauthorized)).toEqual({
      status: 403,
      'content-length': '0',
      'l5d-proxy-error': 'unauthorized request on route',
    });
  });

  it('tell a client that may not know nothing but the status', () => {
    expect(fieldsOf(PROXY_ERROR.loadShed, { emit: false, unprocessed: true })).toEqual({
      status: 503,
      'content-length': '0',
    });
  });

  it('take the gRPC form for gRPC', () => {
    expect(fieldsOf(withContext(PROXY_ERROR.failFast, '100% sure'), { isGrpc: true })).toEqual({
      status: 200,
      'content-length': '0',
      'content-type': 'application/grpc',
      'grpc-status': '4',
      'grpc-message': '100%25 sure: service in fail-fast',
      'l5d-proxy-error': '100% sure: service in fail-fast',
      'l5d-proxy-connection': 'close',
    });
    expect(fieldsOf(PROXY_ERROR.failFast, { isGrpc: true, emit: false })).toEqual({
      status: 200,
      'content-length': '0',
      'content-type': 'application/grpc',
      'grpc-status': '4',
      'l5d-proxy-connection': 'close',
    });
  });

  it('never put into a header what no header can hold', () => {
    for (const message of ['a\r\nset-cookie: x', 'naïve', 'nul\0']) {
      expect(fieldsOf(connectFailed(message))).toMatchObject({ 'l5d-proxy-error': 'unexpected error' });
    }
  });

  it('cut a long reason of a fail-fast', () => {
    expect(failFast('x'.repeat(10_000)).message.length).toBeLessThan(600);
  });
});
