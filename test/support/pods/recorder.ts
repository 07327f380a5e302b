/** Answers nothing and prints what it is sent on PORT, in hexadecimal. */
import { createServer } from 'node:net';
import process from 'node:process';

createServer((socket) => {
  socket.on('error', () => {});
  socket.on('data', (chunk) => process.stdout.write(`${chunk.toString('hex')}\n`));
  // A server of HTTP in the clear would now answer; a client that fell back to it would take this for the response.
  socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nplaintext'));
}).listen(Number(process.env['PORT'] ?? 4143));
process.on('SIGTERM', () => process.exit(0));
