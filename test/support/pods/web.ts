/**
 * An app that answers its pod's name on PORT after DELAY_MS. At SIGTERM it takes no new connections, finishes what is
 * in flight and ends.
 */
import { createServer } from 'node:http';
import process from 'node:process';

const END_MOST_MS = 8000;

const pod = process.env['POD'] ?? process.env['HOSTNAME'] ?? '';
const delayMs = Number(process.env['DELAY_MS'] ?? 0);

const server = createServer((request, response) => {
  request.resume();
  if (request.url === '/ready') response.end('ready\n');
  else setTimeout(() => response.end(pod), delayMs);
});
// Longer than any client keeps a connection: a request must not meet a connection that is just being closed.
server.keepAliveTimeout = 120_000;
server.listen(Number(process.env['PORT']));

process.on('SIGTERM', () => {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
  setTimeout(() => process.exit(0), END_MOST_MS);
});
