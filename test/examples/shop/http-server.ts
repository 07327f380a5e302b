import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Faults } from './faults.ts';
import { CLIENT_ID_HEADER, createMarkerPrinter, type Propagated, pickPropagated } from './propagation.ts';

/** One call as a service sees it. */
export interface Call {
  readonly method: string;
  readonly path: string;
  readonly propagated: Propagated;
  /** The identity of the caller, as the mesh vouches for it; null for one without. */
  readonly clientId: string | null;
  readJson(): Promise<unknown>;
}

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

export interface HttpServiceOptions {
  readonly name: string;
  readonly port: number;
  readonly faults?: Faults;
  answer(call: Call): Promise<Answer> | Answer;
}

/** Longer than any client here keeps an idle connection, so that the client is always the one who closes. */
const KEEP_ALIVE_MS = 65_000;

/**
 * Starts an HTTP/1.1 service that answers JSON, and `GET /healthz` for probes. It prints where it listens and
 * closes on SIGTERM or SIGINT.
 */
export async function startHttpService(options: HttpServiceOptions): Promise<Server> {
  const print = createMarkerPrinter(options.name);
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
    if (request.url === '/healthz') return sendJson(response, { status: 200, body: 'ok' });
    const call = createCall(request);
    print(call.propagated);
    void answerCall(options, call).then((answer) => sendJson(response, answer));
  });
  server.listen(options.port);
  await once(server, 'listening');
  process.stdout.write(`${options.name}: listening on port ${listenPort(server)}\n`);
  return server;
}

/** Runs `close` at the first SIGTERM or SIGINT, then ends the process. */
export function closeOnSignal(close: () => Promise<void> | void): void {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => void Promise.resolve(close()).then(() => process.exit(0)));
  }
}

/** Stops taking connections, lets calls under way finish. */
export async function closeHttpService(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeIdleConnections();
  await closed;
}

function listenPort(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function createCall(request: IncomingMessage): Call {
  const readHeader = (name: string): string | undefined => {
    const value = request.headers[name];
    return Array.isArray(value) ? value[0] : value;
  };
  return {
    method: request.method ?? 'GET',
    path: new URL(request.url ?? '/', 'http://shop').pathname,
    propagated: pickPropagated(readHeader),
    clientId: readHeader(CLIENT_ID_HEADER) ?? null,
    readJson: async () => JSON.parse(Buffer.concat(await request.toArray()).toString() || '{}'),
  };
}

async function answerCall(options: HttpServiceOptions, call: Call): Promise<Answer> {
  if (options.faults !== undefined && options.faults.delayMs > 0) await sleep(options.faults.delayMs);
  if (options.faults?.nextFails() === true)
    return { status: 500, body: { error: 'fails on purpose (FAILURE_RATE)' } };
  try {
    return await options.answer(call);
  } catch (error) {
    return { status: 502, body: { error: error instanceof Error ? error.message : String(error) } };
  }
}

function sendJson(response: ServerResponse, answer: Answer): void {
  const body = JSON.stringify(answer.body);
  response.writeHead(answer.status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  });
  response.end(body);
}
