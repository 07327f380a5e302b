import { setTimeout as sleep } from 'node:timers/promises';
import { backoffDelayMs, type Clock, describeError, type Random, systemClock, systemRandom } from '#lib/base';
import type { Logger } from '#lib/telemetry';
import type { KubernetesConnection } from '../connection/connection.ts';
import { readApiAnswer } from './api-answer.ts';
import type { KubernetesClient, KubernetesRequest, LinesRequest } from './client.ts';
import { KubernetesError } from './error.ts';
import { readAnswer } from './http-call.ts';
import { readLines } from './line-stream.ts';
import { createObjectCalls } from './object-calls.ts';
import { createRateLimit, type RateLimit } from './rate-limit.ts';
import { createTransport, type Transport } from './transport.ts';

export interface KubernetesClientOptions {
  readonly log: Logger;
  /** Who we are, in the API server's log: `linkerd-destination/0.1.0`. */
  readonly userAgent: string;
  /** Requests a second in the long run; 0 sets no limit. @default 50 */
  readonly qps?: number;
  /** Requests at once. @default 100 */
  readonly burst?: number;
  readonly clock?: Clock;
  readonly random?: Random;
}

const TIMEOUT_MS = 30_000;
const MAX_RETRIES = 6;
const RETRY_BACKOFF = { minMs: 100, maxMs: 5000, jitter: 0.5 };

/** Opens no connection before the first call. */
export function createKubernetesClient(
  connection: KubernetesConnection,
  options: KubernetesClientOptions,
): KubernetesClient {
  const { qps = 50, burst = 100, clock = systemClock, random = systemRandom } = options;
  const closing = new AbortController();
  const caller: Caller = {
    server: connection.server,
    transport: createTransport(connection),
    limit: createRateLimit({ qps, burst, clock }),
    clock,
    random,
    log: options.log,
    userAgent: options.userAgent,
    closed: closing.signal,
  };
  const request = <T>(wanted: KubernetesRequest) => callWithRetries(caller, wanted) as Promise<T>;
  return {
    request,
    ...createObjectCalls(request),
    openLines: (wanted) => openLines(caller, wanted),
    close() {
      closing.abort();
      caller.transport.close();
    },
  };
}

/** What every call needs. */
interface Caller {
  readonly server: string;
  readonly transport: Transport;
  readonly limit: RateLimit;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly userAgent: string;
  readonly closed: AbortSignal;
}

async function callWithRetries(caller: Caller, request: KubernetesRequest): Promise<unknown> {
  const { clock, random, log, closed } = caller;
  const endMs = clock.monotonic() + (request.timeoutMs ?? TIMEOUT_MS);
  for (let attempt = 0; ; attempt++) {
    try {
      return await callOnce(caller, request, endMs - clock.monotonic());
    } catch (error) {
      const waitMs = retryDelayMs(error, request, backoffDelayMs(RETRY_BACKOFF, attempt, random));
      const isOver = attempt >= MAX_RETRIES || closed.aborted || request.signal?.aborted === true;
      if (waitMs === undefined || isOver || clock.monotonic() + waitMs >= endMs) throw error;
      log.debug('asking the Kubernetes API again', { error: describeError(error), waitMs });
      await pause(waitMs, [closed, request.signal]);
    }
  }
}

/** Waits, unless one of the signals comes before. */
async function pause(ms: number, signals: readonly (AbortSignal | undefined)[]): Promise<void> {
  const ending = new AbortController();
  const end = () => ending.abort();
  for (const signal of signals) signal?.addEventListener('abort', end);
  await sleep(ms, undefined, { signal: ending.signal }).catch(() => {});
  for (const signal of signals) signal?.removeEventListener('abort', end);
}

/** Undefined where trying again is wrong or useless. */
function retryDelayMs(error: unknown, request: KubernetesRequest, backoffMs: number): number | undefined {
  if (!(error instanceof KubernetesError)) return undefined;
  const isRepeatable = request.isRepeatable ?? request.method !== 'POST';
  const isPassing = error.code === 'LINKERD_KUBERNETES_UNREACHABLE' || error.status >= 500;
  // 429 was turned away at the door: nothing has happened yet, whatever it asked for.
  if (error.status !== 429 && !(isRepeatable && isPassing)) return undefined;
  return Math.max(backoffMs, error.retryAfterMs ?? 0);
}

async function callOnce(caller: Caller, request: KubernetesRequest, timeoutMs: number): Promise<unknown> {
  const { method, path, query, body, contentType = 'application/json' } = request;
  const call = `${method} ${caller.server}${path}`;
  const answer = await withDeadline(caller, { call, timeoutMs, outer: request.signal }, async (signal) => {
    const response = await caller.transport.send({
      url: buildUrl(caller.server, path, query),
      method,
      headers: {
        ...buildHeaders(caller, request.accept),
        ...(body === undefined ? {} : { 'content-type': contentType }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal,
    });
    return readAnswer(response);
  });
  return readApiAnswer(answer, call);
}

async function openLines(caller: Caller, request: LinesRequest): Promise<AsyncIterable<string>> {
  const { path, query, accept, timeoutMs = TIMEOUT_MS, silentMs } = request;
  const call = `GET ${caller.server}${path}`;
  const response = await withDeadline(caller, { call, timeoutMs, outer: request.signal }, async (signal) => {
    const headers = buildHeaders(caller, accept);
    const url = buildUrl(caller.server, path, query);
    const opened = await caller.transport.send({ url, method: 'GET', headers, signal });
    if (opened.statusCode !== 200) readApiAnswer(await readAnswer(opened), call);
    return opened;
  });
  return readLines(response, { signals: [caller.closed, request.signal], silentMs });
}

function buildUrl(server: string, path: string, query: KubernetesRequest['query'] = {}): URL {
  const url = new URL(`${server}${path}`);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, String(value));
  return url;
}

function buildHeaders(caller: Caller, accept = 'application/json'): Record<string, string> {
  return { accept, 'user-agent': caller.userAgent };
}

interface Deadline {
  readonly call: string;
  readonly timeoutMs: number;
  readonly outer: AbortSignal | undefined;
}

/** Waits for the limit, then runs; ends both at the deadline. Every failure comes out as a KubernetesError. */
async function withDeadline<T>(
  caller: Caller,
  { call, timeoutMs, outer }: Deadline,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const ending = new AbortController();
  const end = () => ending.abort();
  const timer = setTimeout(end, timeoutMs);
  const sources = outer === undefined ? [caller.closed] : [caller.closed, outer];
  for (const source of sources) source.addEventListener('abort', end);
  if (sources.some((source) => source.aborted)) end();
  try {
    const waitMs = caller.limit.reserve(timeoutMs);
    if (waitMs === undefined) throw new Error('too many requests of our own are waiting already');
    if (waitMs > 0) await sleep(waitMs, undefined, { signal: ending.signal });
    return await run(ending.signal);
  } catch (error) {
    if (error instanceof KubernetesError) throw error;
    const isEnded = sources.some((source) => source.aborted);
    const late = `no answer within ${Math.round(timeoutMs) / 1000} s`;
    const problem = isEnded ? 'the call was ended' : ending.signal.aborted ? late : describeError(error);
    throw new KubernetesError('LINKERD_KUBERNETES_UNREACHABLE', `${call}: ${problem}`, {
      status: 0,
      reason: '',
      cause: error,
    });
  } finally {
    clearTimeout(timer);
    for (const source of sources) source.removeEventListener('abort', end);
  }
}
