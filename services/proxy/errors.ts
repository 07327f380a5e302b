import { HEADER } from './contract.ts';
import { Field } from './http/field.ts';
import { ResponseHead, VERSION } from './http/head.ts';

/**
 * Why the proxy itself answers a request. Statuses, gRPC codes, texts and whether the connection closes: facts sheet
 * proxy-wire, section 8.
 */
export interface ProxyError {
  readonly status: number;
  readonly grpcStatus: number;
  readonly message: string;
  /** The connection of the client is closed gracefully after the answer. */
  readonly close: boolean;
  /** The value of `error` in inbound_http_errors_total and outbound_http_errors_total; undefined is not counted. */
  readonly metric: string | undefined;
  /** Where a redirect points to. */
  readonly location?: string;
}

export const PROXY_ERROR = {
  noRouteInbound: {
    status: 404,
    grpcStatus: 5,
    message: 'no route found for request',
    close: false,
    metric: undefined,
  },
  noRouteOutbound: { status: 404, grpcStatus: 5, message: 'no route', close: false, metric: undefined },
  unauthorized: {
    status: 403,
    grpcStatus: 7,
    message: 'unauthorized request on route',
    close: false,
    metric: undefined,
  },
  invalidPolicy: {
    status: 500,
    grpcStatus: 13,
    message: 'unexpected error',
    close: true,
    metric: 'unexpected',
  },
  invalidServerPolicy: {
    status: 500,
    grpcStatus: 13,
    message: 'invalid server policy: server policy configured with unknown filter',
    close: true,
    metric: 'unexpected',
  },
  /** A redirect filter whose target makes no URL. */
  invalidRedirect: {
    status: 500,
    grpcStatus: 13,
    message: 'unexpected error',
    close: true,
    metric: 'unexpected',
  },
  gatewayDomain: {
    status: 404,
    grpcStatus: 5,
    message: 'bad gateway domain',
    close: false,
    metric: 'gateway domain invalid',
  },
  gatewayLoop: {
    status: 508,
    grpcStatus: 10,
    message: 'gateway loop detected',
    close: true,
    metric: 'gateway loop',
  },
  failFast: { status: 504, grpcStatus: 4, message: 'service in fail-fast', close: true, metric: 'failfast' },
  loadShed: { status: 503, grpcStatus: 14, message: 'service unavailable', close: true, metric: 'loadshed' },
  unexpected: { status: 500, grpcStatus: 13, message: 'unexpected error', close: true, metric: 'unexpected' },
} as const satisfies Readonly<Record<string, ProxyError>>;

export function requiredIdMismatch(required: string, found: string | undefined): ProxyError {
  const message = `required id ${required}, found ${found ?? 'none'}`;
  return { status: 502, grpcStatus: 14, message, close: true, metric: 'identity required' };
}

export function noDispatcher(kind: string, name: string): ProxyError {
  return {
    status: 502,
    grpcStatus: 14,
    message: `backend for ${kind} ${name} has no dispatcher`,
    close: true,
    metric: 'unexpected',
  };
}

/** Longer reasons (a certificate may have many names) are cut: a header has room for only so much. */
const MAX_REASON_LENGTH = 500;

/** No endpoint was ready in time. The reason is ours: upstream leaves it to the log. */
export function failFast(reason: string | undefined): ProxyError {
  return withReason(PROXY_ERROR.failFast, reason);
}

/** There is no room to wait for an endpoint. */
export function loadShed(reason: string | undefined): ProxyError {
  return withReason(PROXY_ERROR.loadShed, reason);
}

function withReason(error: ProxyError, reason: string | undefined): ProxyError {
  if (reason === undefined) return error;
  return { ...error, message: `${error.message}: ${reason.slice(0, MAX_REASON_LENGTH)}` };
}

/** A redirect filter's answer; its status is the route's. */
export function redirected(status: number, location: string): ProxyError {
  return { status, grpcStatus: 5, message: 'redirected', close: false, metric: undefined, location };
}

export function rateLimited(limit: 'total' | 'per-identity' | 'override', rps: number): ProxyError {
  const message = `${limit} rate limit exceeded: ${rps}rps`;
  return { status: 429, grpcStatus: 8, message, close: false, metric: undefined };
}

/** A failure that an outbound route injects, or has for a backend that cannot be resolved. */
export function injectedFailure(status: number, message: string): ProxyError {
  return { status, grpcStatus: 9, message, close: false, metric: undefined };
}

export function injectedGrpcFailure(grpcStatus: number, message: string): ProxyError {
  return { status: 200, grpcStatus, message, close: false, metric: undefined };
}

/** A timeout of an outbound policy, before the response has begun. */
export function policyTimeout(waitingFor: 'response headers' | 'stream' | 'idle'): ProxyError {
  const message = `timed out waiting for ${waitingFor}`;
  return { status: 504, grpcStatus: 4, message, close: false, metric: undefined };
}

/** The timeout of a ServiceProfile's route. */
export function profileTimeout(after: string): ProxyError {
  const message = `HTTP response timeout after ${after}`;
  return { status: 504, grpcStatus: 4, message, close: true, metric: 'response timeout' };
}

/** A request of HTTP/1 that travelled as HTTP/2, whose stream was reset. */
export function upgradedReset(message: string): ProxyError {
  return connectFailed(`upgraded connection failed with HTTP/2 reset: ${message}`);
}

export function connectFailed(message: string): ProxyError {
  return { status: 502, grpcStatus: 14, message, close: true, metric: 'i/o' };
}

export function connectTimedOut(message: string): ProxyError {
  return { status: 504, grpcStatus: 4, message, close: true, metric: 'i/o' };
}

/** The same error with where it happened put before its text. */
export function withContext(error: ProxyError, context: string): ProxyError {
  return { ...error, message: `${context}: ${error.message}` };
}

const CONTENT_LENGTH_0 = new Field('content-length', '0');
const CONTENT_TYPE_GRPC = new Field('content-type', 'application/grpc');
const UNPROCESSED = new Field(HEADER.unprocessed, 'true');
const PROXY_CONNECTION_CLOSE = new Field(HEADER.proxyConnection, 'close');

/** Header values hold visible ASCII only; any other text is not shown. */
function headerText(message: string): string {
  return /^[\x20-\x7e]*$/.test(message) ? message : 'unexpected error';
}

/** Percent-encoded as gRPC wants it: visible ASCII stands for itself ("gRPC over HTTP2", Status-Message). */
function encodeGrpcMessage(message: string): string {
  return headerText(message).replaceAll('%', '%25');
}

export interface ErrorHeadOptions {
  /** The request was gRPC. */
  readonly isGrpc: boolean;
  /** The client may know why. */
  readonly emit: boolean;
  /** Nothing was done with the request: the proxy of the client may send it elsewhere. */
  readonly unprocessed?: boolean;
}

/** What ends a gRPC response that had begun. */
export function buildErrorTrailers(error: ProxyError, emit: boolean): readonly Field[] {
  const status = new Field('grpc-status', String(error.grpcStatus));
  return emit ? [status, new Field('grpc-message', encodeGrpcMessage(error.message))] : [status];
}

/** The answer for an error, with an empty body. */
export function buildErrorHead(error: ProxyError, options: ErrorHeadOptions): ResponseHead {
  const fields = [CONTENT_LENGTH_0];
  if (error.location !== undefined && !options.isGrpc) fields.push(new Field('location', error.location));
  if (options.isGrpc) {
    fields.push(CONTENT_TYPE_GRPC, new Field('grpc-status', String(error.grpcStatus)));
    if (options.emit) fields.push(new Field('grpc-message', encodeGrpcMessage(error.message)));
  }
  if (options.emit) fields.push(new Field(HEADER.proxyError, headerText(error.message)));
  if (error.close && (options.emit || options.isGrpc)) fields.push(PROXY_CONNECTION_CLOSE);
  if (options.emit && options.unprocessed === true) fields.push(UNPROCESSED);
  const status = options.isGrpc ? 200 : error.status;
  return new ResponseHead({ status, version: VERSION.http11, fields, bodyLength: 0, repeated: false });
}
