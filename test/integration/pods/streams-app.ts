/**
 * Streams that live as long as the client likes: HTTP/2 by prior knowledge on H2_PORT, where `/echo` is a gRPC call in
 * both directions and `/goaway` tells the client to go elsewhere; HTTP/1 on PORT, where an upgrade is an echo. Whatever
 * else is asked is answered with the pod's name and, in HTTP/2, the number of the connection.
 */
import { createServer } from 'node:http';
import { createServer as createHttp2, type Http2Session } from 'node:http2';
import process from 'node:process';

const name = process.env['HOSTNAME'] ?? '';

createServer((_request, response) => response.end(name))
  .on('upgrade', (request, socket) => {
    socket.on('error', () => {});
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${request.headers.upgrade}\r\n\r\n`,
    );
    socket.pipe(socket);
  })
  .listen(Number(process.env['PORT']));

const numbers = new WeakMap<Http2Session, number>();
let connections = 0;

createHttp2()
  .on('session', (session) => {
    connections++;
    numbers.set(session, connections);
  })
  .on('stream', (stream, headers) => {
    const { session } = stream;
    stream.on('error', () => {});
    if (session === undefined) return;
    if (headers[':path'] === '/echo') {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
      stream.pipe(stream);
      return;
    }
    if (headers[':path'] === '/goaway') session.goaway();
    stream.respond({ ':status': 200 });
    stream.end(`${name} ${numbers.get(session)}`);
  })
  .listen(Number(process.env['H2_PORT']));

process.on('SIGTERM', () => process.exit(0));
