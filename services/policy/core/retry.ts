import type { Millis } from '#lib/base';
import {
  type AnnotationSyntax,
  type Annotations,
  DURATION,
  readAnnotation,
  wholeNumber,
} from './annotation-reader.ts';
import type { Backoff } from './backoff.ts';

export interface Retry<Condition> {
  readonly maxRetries: number;
  /** Requests with longer bodies are not retried. */
  readonly maxRequestBytes: number;
  /** For each try; undefined for none. */
  readonly timeoutMs: Millis | undefined;
  readonly backoff: Backoff;
  /** Any of them makes a response worth a retry. */
  readonly conditions: readonly Condition[];
}

/** Both ends included. */
export interface StatusRange {
  readonly first: number;
  readonly last: number;
}

export type GrpcCondition =
  | 'cancelled'
  | 'deadline-exceeded'
  | 'internal'
  | 'resource-exhausted'
  | 'unavailable';
export type HttpRetry = Retry<StatusRange>;
export type GrpcRetry = Retry<GrpcCondition>;

const MAX_REQUEST_BYTES = 64 * 1024;
const BACKOFF: Backoff = { minMs: 25, maxMs: 250, jitterRatio: 1 };
const DEFAULT_LIMIT = 1;

/** Reads `retry.linkerd.io/…` for HTTP; undefined when none is there. Throws an AnnotationError. */
export function readHttpRetry(annotations: Annotations): HttpRetry | undefined {
  return readRetry(annotations, 'http', HTTP_CONDITIONS);
}

/** Reads `retry.linkerd.io/…` for gRPC; undefined when none is there. Throws an AnnotationError. */
export function readGrpcRetry(annotations: Annotations): GrpcRetry | undefined {
  return readRetry(annotations, 'grpc', GRPC_CONDITIONS);
}

function readRetry<Condition>(
  annotations: Annotations,
  protocol: 'http' | 'grpc',
  syntax: AnnotationSyntax<readonly Condition[]>,
): Retry<Condition> | undefined {
  const limit = readAnnotation(annotations, 'retry.linkerd.io/limit', wholeNumber(65_535)) || undefined;
  const timeoutMs = readAnnotation(annotations, 'retry.linkerd.io/timeout', DURATION) || undefined;
  const conditions = readAnnotation(annotations, `retry.linkerd.io/${protocol}`, syntax);
  if (limit === undefined && timeoutMs === undefined && conditions === undefined) return undefined;
  return {
    maxRetries: limit ?? DEFAULT_LIMIT,
    maxRequestBytes: MAX_REQUEST_BYTES,
    timeoutMs,
    backoff: BACKOFF,
    conditions: conditions ?? [],
  };
}

const HTTP_CONDITIONS: AnnotationSyntax<readonly StatusRange[]> = {
  expects: 'a comma list of 5xx, gateway-error, statuses from 100 to 599, and ranges of them',
  parse: (text) => parseList(text, parseStatusRange),
};

const GRPC_CODES: readonly GrpcCondition[] = [
  'cancelled',
  'deadline-exceeded',
  'internal',
  'resource-exhausted',
  'unavailable',
];

const GRPC_CONDITIONS: AnnotationSyntax<readonly GrpcCondition[]> = {
  expects: `a comma list of ${GRPC_CODES.join(', ')}`,
  parse: (text) => parseList(text, (item) => GRPC_CODES.find((code) => code === item)),
};

function parseStatusRange(item: string): StatusRange | undefined {
  if (item === '5xx') return { first: 500, last: 599 };
  if (item === 'gateway-error') return { first: 502, last: 504 };
  const match = /^([1-5]\d\d)(?:-([1-5]\d\d))?$/.exec(item);
  if (match === null) return undefined;
  const first = Number(match[1]);
  const last = Number(match[2] ?? match[1]);
  return first <= last ? { first, last } : undefined;
}

/** Every item in any case, or undefined when one of them is nothing. */
function parseList<T>(text: string, parse: (item: string) => T | undefined): readonly T[] | undefined {
  const items = text.split(',').map((item) => parse(item.trim().toLowerCase()));
  const known = items.filter((item) => item !== undefined);
  return known.length === items.length ? known : undefined;
}
