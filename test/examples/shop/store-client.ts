import { connect, type Socket } from 'node:net';
import type { Address } from './config.ts';
import { readLines } from './lines.ts';
import { MARKER_HEADER, type Propagated } from './propagation.ts';

export interface StoreClient {
  get(key: string, headers: Propagated): Promise<number>;
  add(key: string, count: number, headers: Propagated): Promise<number>;
  close(): void;
}

interface Waiting {
  resolve(value: number): void;
  reject(error: Error): void;
}

interface Connection {
  readonly socket: Socket;
  /** Commands sent whose answers are due, oldest first. */
  readonly waiting: Waiting[];
}

const ANSWER_TIMEOUT_MS = 2_000;

/**
 * A client of the store over one connection, opened by the first command and again after a loss. Commands are
 * pipelined: sent when they come, answered in order. Nothing is sent before the store's banner is there.
 */
export function createStoreClient(address: Address): StoreClient {
  let connection: Connection | undefined;
  const send = (command: string, headers: Propagated): Promise<number> => {
    const marker = headers[MARKER_HEADER];
    const line = marker === undefined ? command : `${command} marker=${marker}`;
    if (connection === undefined || connection.socket.destroyed) connection = openConnection(address);
    return sendLine(connection, line);
  };
  return {
    get: (key, headers) => send(`GET ${key}`, headers),
    add: (key, count, headers) => send(`ADD ${key} ${count}`, headers),
    close: () => connection?.socket.destroy(),
  };
}

function openConnection(address: Address): Connection {
  const socket = connect({ host: address.host, port: address.port, noDelay: true });
  const waiting: Waiting[] = [];
  let greeted = false;
  const describe = (what: string): Error => new Error(`the store at ${address.host}:${address.port} ${what}`);
  let failure = describe('closed the connection');
  socket.cork();
  socket.setTimeout(ANSWER_TIMEOUT_MS);
  socket.on('timeout', () => {
    if (waiting.length > 0) socket.destroy(new Error('no answer in time'));
  });
  socket.on('error', (error) => {
    failure = describe(`is lost: ${error.message}`);
  });
  socket.on('close', () => {
    for (const { reject } of waiting.splice(0)) reject(failure);
  });
  readLines(socket, (line) => {
    if (greeted) return takeAnswer(waiting.shift(), line);
    greeted = true;
    socket.uncork();
  });
  return { socket, waiting };
}

function sendLine({ socket, waiting }: Connection, line: string): Promise<number> {
  return new Promise((resolve, reject) => {
    waiting.push({ resolve, reject });
    socket.write(`${line}\r\n`);
  });
}

function takeAnswer(waiting: Waiting | undefined, line: string): void {
  const match = /^VALUE (-?\d+)$/.exec(line);
  if (match === null) waiting?.reject(new Error(`the store answered: ${line}`));
  else waiting?.resolve(Number(match[1]));
}
