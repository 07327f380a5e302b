/**
 * The store: numbers under keys, over TCP. It speaks first, with a banner, so that its port has to be marked
 * opaque: a proxy that waits for the client's first bytes would wait in vain. One line a command, one line an answer:
 *
 *     < SHOP-STORE 1 ready
 *     > GET cart:ann
 *     < VALUE 0
 *     > ADD cart:ann 2 marker=abc
 *     < VALUE 2
 */
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { environment, readNumber } from './config.ts';
import { closeOnSignal } from './http-server.ts';
import { readLines } from './lines.ts';
import { createMarkerPrinter, MARKER_HEADER } from './propagation.ts';

export const STORE_BANNER = 'SHOP-STORE 1 ready';

const values = new Map<string, number>();
const print = createMarkerPrinter('store');

function runCommand(line: string): string {
  const [verb = '', key = '', ...rest] = line.split(' ');
  const marker = rest.find((word) => word.startsWith('marker='));
  if (marker !== undefined) print({ [MARKER_HEADER]: marker.slice('marker='.length) });
  if (key === '') return 'ERROR a command is GET key or ADD key number';
  const value = values.get(key) ?? 0;
  if (verb === 'GET') return `VALUE ${value}`;
  if (verb !== 'ADD') return `ERROR no such command: ${verb}`;
  const sum = value + Number(rest[0]);
  if (!Number.isSafeInteger(sum)) return `ERROR not a whole number: ${rest[0]}`;
  values.set(key, sum);
  return `VALUE ${sum}`;
}

function serve(socket: Socket): void {
  socket.on('error', () => socket.destroy());
  socket.write(`${STORE_BANNER}\r\n`);
  readLines(socket, (line) => socket.write(`${runCommand(line)}\r\n`));
}

const server = createServer({ noDelay: true }, serve);
server.listen(readNumber(environment, 'PORT', 6400));
await once(server, 'listening');
const address = server.address();
process.stdout.write(`store: listening on port ${typeof address === 'object' ? address?.port : address}\n`);
closeOnSignal(() => {
  server.close();
});
