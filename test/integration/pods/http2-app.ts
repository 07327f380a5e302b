/**
 * An HTTP/2 server (prior knowledge, on H2_PORT) that does what a path says, so that a test sees what proxies make of
 * it; HTTP/1 on PORT answers probes. See `answers` below for the paths.
 */
import { createServer } from 'node:http';
import {
  createServer as createHttp2,
  constants as H2,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import process from 'node:process';

/** How streams to `/wait` ended: the error codes that reached us. */
const resets: number[] = [];

type Answer = (stream: ServerHttp2Stream, query: string, headers: IncomingHttpHeaders) => void;

function echo(stream: ServerHttp2Stream): void {
  stream.respond({ ':status': 200 }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'x-end': 'whole' }));
  stream.pipe(stream);
}

const answers: Readonly<Record<string, Answer>> = {
  /** Both directions stay open as long as the client likes. */
  '/echo': echo,
  /** An answer of so many bytes. */
  '/bytes': (stream, query) => {
    stream.respond({ ':status': 200 });
    stream.end(Buffer.alloc(Number(query), 'x'));
  },
  /** A gRPC error that is one header section, with its end. */
  '/trailers-only': (stream) =>
    stream.respond(
      {
        ':status': 200,
        'content-type': 'application/grpc',
        'grpc-status': '5',
        'grpc-message': 'no such thing',
      },
      { endStream: true },
    ),
  /** Resets with that code instead of an answer. */
  '/reset': (stream, query) => stream.close(Number(query)),
  /** Interim responses before the final one. */
  '/hints': (stream) => {
    stream.additionalHeaders({ ':status': 100 });
    stream.additionalHeaders({ ':status': 103, link: '</style.css>; rel=preload' });
    stream.respond({ ':status': 200 });
    stream.end('hinted');
  },
  /** Never answers; remembers how the client left. */
  '/wait': (stream) => {
    stream.on('close', () => resets.push(stream.rstCode));
  },
  '/resets': (stream) => {
    stream.respond({ ':status': 200 });
    stream.end(JSON.stringify(resets));
  },
  /** Answers after so many milliseconds. */
  '/slow': (stream, query) => {
    setTimeout(() => {
      stream.respond({ ':status': 200 });
      stream.end('late');
    }, Number(query));
  },
};

createServer((_request, response) => response.end('ok')).listen(Number(process.env['PORT']));

createHttp2()
  .on('stream', (stream, headers) => {
    stream.on('error', () => {});
    const [path = '', query = ''] = (headers[':path'] ?? '').split('?');
    const answer = headers[':method'] === 'CONNECT' ? echo : answers[path];
    if (answer === undefined) stream.close(H2.NGHTTP2_INTERNAL_ERROR);
    else answer(stream, query, headers);
  })
  .listen(Number(process.env['H2_PORT']));

process.on('SIGTERM', () => process.exit(0));
