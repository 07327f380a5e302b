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
  const { failFast: error } = PROXY_ERROR;
  return reason === undefined
    ? error
    : { ...error, message: `${error.message}: ${reason.slice(0, MAX_REASON_LENGTH)}` };
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

/** The answer for an error, with an empty body. */
export function buildErrorHead(error: ProxyError, options: ErrorHeadOptions): ResponseHead {
  const fields = [CONTENT_LENGTH_0];
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
