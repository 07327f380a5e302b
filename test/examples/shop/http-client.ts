import { Agent, type ClientRequest, type IncomingMessage, request } from 'node:http';
import type { Socket } from 'node:net';
import type { Address } from './config.ts';
import type { Propagated } from './propagation.ts';

const REQUEST_TIMEOUT_MS = 2_000;

export interface HttpCall {
  readonly address: Address;
  readonly path: string;
  readonly method?: 'GET' | 'POST';
  readonly headers: Propagated;
  readonly body?: unknown;
  /** Connections to use again; without one the call opens its own and closes it. */
  readonly agent?: Agent;
}

export interface HttpAnswer {
  readonly status: number;
  readonly body: unknown;
  /** Whether the call went over a connection that had served another one before. */
  readonly reusedConnection: boolean;
}

/** Connections kept for later calls; dropped when idle for a while, before any server would drop them. */
export function createKeepAliveAgent(maxSockets: number): Agent {
  return new Agent({ keepAlive: true, maxSockets, scheduling: 'fifo', timeout: 15_000 });
}

/** Sends one call and reads its JSON answer. Rejects on network errors, after two seconds, and on an unreadable body. */
export async function callHttp(call: HttpCall): Promise<HttpAnswer> {
  const body = call.body === undefined ? undefined : JSON.stringify(call.body);
  const sent = request({
    host: call.address.host,
    port: call.address.port,
    path: call.path,
    method: call.method ?? 'GET',
    agent: call.agent ?? false,
    headers: { ...call.headers, ...(body === undefined ? {} : bodyHeaders(body)) },
    signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
  });
  sent.end(body);
  return readAnswer(sent);
}

function bodyHeaders(body: string): Record<string, string> {
  return { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) };
}

/** Node's own `reusedSocket` is false too for a request that waited until a kept connection was free. */
const usedSockets = new WeakSet<Socket>();

async function readAnswer(sent: ClientRequest): Promise<HttpAnswer> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    sent.once('response', resolve);
    sent.on('error', reject);
  });
  const reusedConnection = usedSockets.has(response.socket);
  usedSockets.add(response.socket);
  const text = Buffer.concat(await response.toArray()).toString();
  const status = response.statusCode ?? 0;
  // A proxy's own answers (403, 503, …) have no body.
  return { status, body: text === '' ? null : JSON.parse(text), reusedConnection };
}
