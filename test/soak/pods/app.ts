/**
 * The soak's app, on the ports of ports.ts. HTTP: `/bytes?N` answers N bytes, a POST is answered with its body, anything
 * else with the pod's name. TCP: what comes goes back. At SIGTERM it serves a little longer, ends what lives long, finishes the
 * rest and goes.
 */
import { createServer as createHttp1, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttp2, type ServerHttp2Session } from 'node:http2';
import { createServer as createTcp, type Socket } from 'node:net';
import process from 'node:process';
import type { Readable } from 'node:stream';
import { endStreams, startGrpcServer } from './grpc-server.ts';
import { PORT } from './ports.ts';

/** Until then the news that this pod is going has reached everybody. */
const STAY_MS = 5000;
const END_MOST_MS = 4000;
const CHUNK = Buffer.alloc(65_536, 'x');

interface Asked {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
}

function answer({ method, url = '' }: Asked, request: Readable, response: NodeJS.WritableStream) {
  request.on('error', () => {});
  response.on('error', () => {});
  const bytes = /^\/bytes\?(\d+)$/.exec(url);
  if (method === 'POST') {
    request.pipe(response);
    return;
  }
  request.resume();
  if (bytes === null) response.end(process.env['HOSTNAME'] ?? 'pod');
  else sendBytes(response, Number(bytes[1]));
}

function sendBytes(response: NodeJS.WritableStream, bytes: number): void {
  let left = bytes;
  const fill = () => {
    while (left > 0) {
      const chunk = CHUNK.subarray(0, Math.min(left, CHUNK.length));
      left -= chunk.length;
      if (!response.write(chunk)) {
        response.once('drain', fill);
        return;
      }
    }
    response.end();
  };
  fill();
}

const http1 = createHttp1((request: IncomingMessage, response: ServerResponse) =>
  answer(request, request, response),
);
// Longer than any client keeps a connection: a request must not meet a connection that is just being closed.
http1.keepAliveTimeout = 120_000;

const sessions = new Set<ServerHttp2Session>();
const http2 = createHttp2()
  .on('session', (session) => {
    sessions.add(session);
    session.on('error', () => {});
    session.on('close', () => sessions.delete(session));
  })
  .on('request', (request, response) => answer(request, request, response))
  .listen(PORT.http2);

const sockets = new Set<Socket>();
const tcp = [PORT.opaque, PORT.detected].map((port) =>
  createTcp({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    socket.pipe(socket);
  }).listen(port),
);
const grpc = await startGrpcServer(PORT.grpc);
// Probes ask here: by now the others are there.
http1.listen(PORT.http);

function end(): void {
  setTimeout(() => process.exit(0), END_MOST_MS);
  endStreams();
  for (const socket of sockets) socket.end();
  for (const session of sessions) session.close();
  const servers = [http1, http2, ...tcp].map((server) => new Promise((resolve) => server.close(resolve)));
  http1.closeIdleConnections();
  const grpcEnded = new Promise((resolve) => grpc.tryShutdown(resolve));
  void Promise.all([...servers, grpcEnded]).then(() => process.exit(0));
}
process.on('SIGTERM', () => setTimeout(end, STAY_MS));
