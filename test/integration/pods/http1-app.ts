/**
 * An app with what HTTP/1.1 has beside requests and responses: upgrades and CONNECT to an echo in capitals, early hints
 * (`/hints`), bodies that are refused before they are sent (`/no`).
 */
import { createServer, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

const server = createServer((request, response) => {
  if (request.url === '/hints') response.writeEarlyHints({ link: '</a.css>; rel=preload' });
  request.resume().on('end', () => response.end(`${request.headers['l5d-client-id'] ?? 'nobody'}`));
});
server.on('checkContinue', (request: IncomingMessage, response) => {
  if (request.url === '/no') {
    response.writeHead(417).end();
    return;
  }
  response.writeContinue();
  server.emit('request', request, response);
});

function echo(socket: Duplex, head: Buffer): void {
  socket.on('error', () => {});
  socket.on('data', (chunk: Buffer) => socket.write(chunk.toString().toUpperCase()));
  socket.on('end', () => socket.end('BYE'));
  if (head.length > 0) socket.write(head.toString().toUpperCase());
}

server.on('upgrade', (request, socket, head) => {
  const who = String(request.headers['l5d-client-id'] ?? 'nobody');
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${request.headers.upgrade}\r\nX-Who: ${who}\r\n\r\n`,
  );
  echo(socket, head);
});
server.on('connect', (_request, socket, head) => {
  socket.write('HTTP/1.1 200 Connected\r\n\r\n');
  echo(socket, head);
});
server.listen(Number(process.env['PORT']));
