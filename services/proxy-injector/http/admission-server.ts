import type { AddressInfo, Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Server as TlsServer } from 'node:tls';
import fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import { describeError, MeshError } from '#lib/base';
import type { Logger } from '#lib/telemetry';
import { HttpRefusal } from '../errors.ts';
import type { ProxyInjectorMetrics } from '../metrics.ts';
import type { AdmissionHandler } from './admission-handler.ts';
import { hasMoreValuesThan } from './json-size.ts';
import { type BodyLimits, createBodyReader } from './read-body.ts';

export interface KeyPair {
  readonly certPem: string;
  readonly keyPem: string;
}

export interface AdmissionServerOptions {
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  readonly certificate: KeyPair;
  readonly handle: AdmissionHandler;
  readonly limits: BodyLimits;
  readonly metrics: ProxyInjectorMetrics;
  readonly log: Logger;
}

export interface AdmissionServer {
  readonly port: number;
  /** What new connections see. Throws where the pair cannot be used, and the old one stays. */
  setCertificate(certificate: KeyPair): void;
  /** Answers what is under way, and asks clients to connect elsewhere next time. */
  beginDrain(): void;
  close(): Promise<void>;
}

/** TLS 1.3, HTTP/1.1 and HTTP/2. Source: facts sheet injection, first paragraph. */
const MIN_VERSION = 'TLSv1.3';
const TIMEOUTS = {
  handshakeMs: 10_000,
  headersMs: 10_000,
  requestMs: 30_000,
  /** Longer than API servers keep idle connections (90 s), so that it is they who end them. */
  keepAliveMs: 120_000,
  closeMs: 10_000,
  flushMs: 1000,
};
const MAX_CONNECTIONS = 4096;
const MAX_VALUES = 500_000;

export async function startAdmissionServer(options: AdmissionServerOptions): Promise<AdmissionServer> {
  const { certificate } = options;
  const app = fastify({
    http2: true,
    https: {
      allowHTTP1: true,
      minVersion: MIN_VERSION,
      handshakeTimeout: TIMEOUTS.handshakeMs,
      cert: certificate.certPem,
      key: certificate.keyPem,
    },
    http2SessionTimeout: TIMEOUTS.keepAliveMs,
    routerOptions: { ignoreTrailingSlash: true },
  }) as unknown as FastifyInstance;
  const server = app.server as unknown as TlsServer;
  const connections = limitServer(server);
  const drain = { isDraining: false, underWay: 0 };
  addRoutes(app, options, drain);
  await app.listen({ host: options.host, port: options.port });
  return {
    port: (server.address() as AddressInfo).port,
    setCertificate: ({ certPem, keyPem }) =>
      server.setSecureContext({ minVersion: MIN_VERSION, cert: certPem, key: keyPem }),
    beginDrain: () => {
      drain.isDraining = true;
    },
    async close() {
      drain.isDraining = true;
      const closing = app.close();
      const endMs = performance.now() + TIMEOUTS.closeMs;
      while (drain.underWay > 0 && performance.now() < endMs) await sleep(20);
      connections.end();
      await closing;
    },
  };
}

/** Bounds what clients can hold; returns what ends their connections. */
function limitServer(server: TlsServer): { end(): void } {
  const raw = new Set<Socket>();
  const secured = new Set<Socket>();
  const follow = (sockets: Set<Socket>) => (socket: Socket) => {
    // Node sets it for HTTP/1.1 servers, and not for those that also speak HTTP/2.
    socket.setNoDelay(true);
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  };
  server.on('connection', follow(raw)).on('secureConnection', follow(secured));
  server.maxConnections = MAX_CONNECTIONS;
  // Of HTTP/1.1; streams of HTTP/2 are bound by the body's own limit.
  Object.assign(server, {
    headersTimeout: TIMEOUTS.headersMs,
    requestTimeout: TIMEOUTS.requestMs,
    keepAliveTimeout: TIMEOUTS.keepAliveMs,
  });
  return {
    end() {
      // What is written still goes out.
      for (const socket of secured) socket.destroySoon();
      setTimeout(() => {
        for (const socket of raw) socket.destroy();
      }, TIMEOUTS.flushMs).unref();
      for (const socket of raw) socket.unref();
    },
  };
}

interface DrainState {
  isDraining: boolean;
  /** Requests without an answer yet. */
  underWay: number;
}

function addRoutes(
  app: FastifyInstance,
  { handle, limits, metrics, log }: AdmissionServerOptions,
  drain: DrainState,
): void {
  const readBody = createBodyReader(limits);
  const startedMs = new WeakMap<object, number>();
  app.removeAllContentTypeParsers();
  // Whatever the client calls it, it has to be an AdmissionReview.
  app.addHook('onRequest', ({ raw }, reply, done) => {
    drain.underWay += 1;
    reply.raw.once('close', () => {
      drain.underWay -= 1;
    });
    startedMs.set(raw, performance.now());
    raw.headers['content-type'] = 'application/json';
    if (drain.isDraining) closeAfter(reply);
    done();
  });
  app.addContentTypeParser('application/json', (_request: unknown, payload: Readable) => readBody(payload));
  app.post('/', async ({ body, raw }, reply) => {
    const bytes = body as Buffer;
    if (bytes.length === 0) return reply.send();
    if (hasMoreValuesThan(bytes, MAX_VALUES)) {
      throw new HttpRefusal(413, 'too_large', `The body has more than ${MAX_VALUES} values.`);
    }
    const answer = await handle(bytes);
    metrics.observeDuration(performance.now() - (startedMs.get(raw) ?? 0));
    return reply.type('application/json; charset=utf-8').send(answer);
  });
  app.setNotFoundHandler(({ method, url }) => {
    throw url.split('?')[0] === '/'
      ? new HttpRefusal(405, 'method', `${method} is not answered here; POST an AdmissionReview.`)
      : new HttpRefusal(404, 'path', 'There is nothing here; POST an AdmissionReview to /.');
  });
  app.setErrorHandler((error, _request, reply) => {
    const refusal = describeRefusal(error);
    metrics.countRefusal(refusal.reason);
    log.debug('refused a request', { status: refusal.status, error: refusal.message });
    if (refusal.reason !== 'garbage') closeAfter(reply);
    return reply.code(refusal.status).type('text/plain; charset=utf-8').send(`${refusal.message}\n`);
  });
}

/** HTTP/2 has no such header, and Node drops it there. */
function closeAfter(reply: FastifyReply): void {
  if (reply.request.raw.httpVersionMajor === 1) reply.header('connection', 'close');
}

function describeRefusal(error: unknown): HttpRefusal {
  if (error instanceof HttpRefusal) return error;
  if (error instanceof MeshError) return new HttpRefusal(400, 'garbage', error.message);
  const status = (error as { statusCode?: number }).statusCode ?? 500;
  return new HttpRefusal(status, 'other', `The request cannot be answered: ${describeError(error)}`);
}
