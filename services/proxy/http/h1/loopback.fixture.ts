import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { Wire, type WireReceiver } from '../../transport/wire.ts';
import {
  H2_ERROR,
  type RequestHandler,
  type RequestSink,
  type ResponseSink,
  type ServerResponse,
} from '../exchange.ts';
import { Field } from '../field.ts';
import { type RequestHead, ResponseHead, VERSION } from '../head.ts';
import { H1ClientPool } from './client-pool.ts';
import { createH1ServerOptions, H1ServerConnection } from './server-connection.ts';

/** Real parts over loopback for the tests of this room: wires on sockets, a server, a client, and handlers. */

export const IGNORE: WireReceiver = { onBytes() {}, onEnd() {}, onClosed() {}, onDrained() {} };

/** A wire fed by a socket's own reads, which it lends like the real feed. */
export function wireOn(socket: Socket, receiver: WireReceiver = IGNORE): Wire {
  const wire = new Wire(socket, receiver);
  socket.on('data', (chunk: Buffer) => wire.receiver.onBytes(chunk));
  return wire;
}

export interface TestServer {
  readonly port: number;
  readonly connections: H1ServerConnection[];
  readonly options: ReturnType<typeof createH1ServerOptions>;
  close(): Promise<void>;
}

export async function listenOn(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

export async function startServer(handler: RequestHandler, headMs?: number): Promise<TestServer> {
  const options = createH1ServerOptions(headMs);
  const connections: H1ServerConnection[] = [];
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    const wire = wireOn(socket);
    const connection = new H1ServerConnection(wire, handler, options);
    wire.receiver = connection;
    connections.push(connection);
  });
  const port = await listenOn(server);
  return { port, connections, options, close: () => closeServer(server, sockets) };
}

/** A raw server; `onData` gets all that has come on a connection so far. What closes it joins `closers`. */
export async function serveRaw(
  closers: (() => Promise<void>)[],
  onData: (socket: Socket, text: string) => void,
): Promise<number> {
  const sockets = new Set<Socket>();
  const server: Server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    let text = '';
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      onData(socket, text);
    });
  });
  closers.push(() => closeServer(server, sockets));
  return listenOn(server);
}

async function closeServer(server: Server, sockets: Iterable<Socket>): Promise<void> {
  for (const socket of sockets) socket.destroy();
  await new Promise<void>((resolve) => server.close(() => resolve()));
}

/** A pool of our client to a port of this machine; `opened` holds every connection made. */
export function createPool(port: number): { pool: H1ClientPool; opened: Wire[] } {
  const opened: Wire[] = [];
  const pool = new H1ClientPool({
    connect(onConnected, onFailed) {
      const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
      const onError = (error: Error) =>
        onFailed({
          kind: 'connect',
          code: H2_ERROR.refusedStream,
          message: error.message,
          unprocessed: true,
        });
      socket.once('error', onError);
      socket.once('connect', () => {
        socket.off('error', onError);
        const wire = wireOn(socket);
        opened.push(wire);
        onConnected(wire);
      });
    },
  });
  return { pool, opened };
}

export function responseOf(
  status: number,
  body: string | undefined,
  fields: readonly Field[] = [],
): ResponseHead {
  const all = body === undefined ? fields : [...fields, new Field('content-length', String(body.length))];
  const bodyLength = body === undefined ? -1 : body.length;
  return new ResponseHead({ status, version: VERSION.http11, fields: all, bodyLength, repeated: false });
}

export function answer(response: ServerResponse, status: number, body: string): void {
  response.responseHead(responseOf(status, body), body === '');
  if (body !== '') response.responseData(Buffer.from(body), true);
}

/** A request sink that gathers; `done` is called at the end of the request. */
export class Gatherer implements RequestSink {
  readonly chunks: Buffer[] = [];
  trailers: readonly Field[] | undefined;
  cancelled: number | undefined;
  credited = 0;
  readonly #done: (gathered: Gatherer) => void;
  readonly #credit: (bytes: number) => void;

  constructor(done: (gathered: Gatherer) => void = () => {}, credit: (bytes: number) => void = () => {}) {
    this.#done = done;
    this.#credit = credit;
  }

  get body(): string {
    return Buffer.concat(this.chunks).toString('latin1');
  }
  requestData(chunk: Buffer, end: boolean): void {
    this.chunks.push(Buffer.from(chunk));
    this.#credit(chunk.length);
    if (end) this.#done(this);
  }
  requestTrailers(fields: readonly Field[]): void {
    this.trailers = fields;
    this.#done(this);
  }
  requestCancelled(code: number): void {
    this.cancelled = code;
  }
  responseCredit(bytes: number): void {
    this.credited += bytes;
  }
}

/** Records requests with their bodies and answers each with `reply` when it has come whole. */
export class Recorder implements RequestHandler {
  readonly heads: RequestHead[] = [];
  readonly bodies: Gatherer[] = [];
  closed = 0;
  readonly #reply: (response: ServerResponse, head: RequestHead, gathered: Gatherer) => void;

  constructor(reply: Recorder['reply'] = (response) => answer(response, 200, 'ok')) {
    this.#reply = reply;
  }

  get reply() {
    return this.#reply;
  }

  handleRequest(head: RequestHead, end: boolean, response: ServerResponse): RequestSink {
    this.heads.push(head);
    const gatherer = new Gatherer(
      (gathered) => this.#reply(response, head, gathered),
      (bytes) => response.requestCredit(bytes),
    );
    this.bodies.push(gatherer);
    if (end) this.#reply(response, head, gatherer);
    return gatherer;
  }

  handleClosed(): void {
    this.closed++;
  }
}

export interface Outcome {
  readonly head: ResponseHead | undefined;
  readonly body: string;
  readonly trailers: readonly Field[] | undefined;
  readonly failure: import('../exchange.ts').StreamFailure | undefined;
}

/** Sends one request through a client and gathers what comes back. */
export function send(
  pool: H1ClientPool,
  head: RequestHead,
  write?: (sink: RequestSink) => void,
): Promise<Outcome> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let responseHead: ResponseHead | undefined;
    const finish = (rest: Partial<Outcome>) =>
      resolve({
        head: responseHead,
        body: Buffer.concat(chunks).toString('latin1'),
        trailers: undefined,
        failure: undefined,
        ...rest,
      });
    const response: ResponseSink = {
      responseHead(received, end) {
        responseHead = received;
        if (end) finish({});
      },
      responseData(chunk, end) {
        chunks.push(Buffer.from(chunk));
        if (end) finish({});
        else sink.responseCredit(chunk.length);
      },
      responseTrailers: (trailers) => finish({ trailers }),
      responseFailed: (failure) => finish({ failure }),
      requestCredit() {},
    };
    const sink = pool.request(head, write === undefined, response);
    write?.(sink);
  });
}

/** Writes raw bytes and resolves with all that comes back until the peer closes, or `quietMs` without a byte. */
export function exchangeRaw(
  port: number,
  pieces: readonly (string | Buffer)[],
  quietMs = 400,
): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    let text = '';
    const finish = (ending: string) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(text + ending);
    };
    let timer = setTimeout(() => finish(''), quietMs);
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      clearTimeout(timer);
      timer = setTimeout(() => finish(''), quietMs);
    });
    socket.on('error', () => finish('[reset]'));
    socket.on('end', () => finish('[end]'));
    const writeNext = (index: number) => {
      const piece = pieces[index];
      if (piece === undefined || socket.destroyed) return;
      socket.write(piece, 'latin1' as BufferEncoding, () => setImmediate(() => writeNext(index + 1)));
    };
    writeNext(0);
  });
}
