import { connect, createServer, type Socket } from 'node:net';
import type { Logger } from '#lib/telemetry';
import type { SocketAddress } from './config.ts';
import { failedConnect, failedListen } from './errors.ts';

interface TokenServerOptions {
  readonly address: SocketAddress;
  readonly token: string;
  readonly log: Logger;
}

interface TokenServer {
  close(): Promise<void>;
}

/** Says the token to everybody who connects, and hangs up. Rejects with LISTEN_FAILED. */
export function startTokenServer({ address, token, log }: TokenServerOptions): Promise<TokenServer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    log.debug('accepted', { client: socket.remoteAddress });
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    // A client that is gone already can't be told anything.
    socket.on('error', () => {});
    socket.resume();
    socket.end(token);
  });
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      for (const socket of sockets) socket.destroy();
    });
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(failedListen(address.text, error)));
    server.listen(address.port, address.host, () => resolve({ close }));
  });
}

interface ReadOptions {
  readonly address: SocketAddress;
  readonly bytes: number;
  readonly signal: AbortSignal;
}

/** What the other side says first, at most `bytes` of it, less where it hangs up. Rejects with CONNECT_FAILED. */
export function readToken({ address, bytes, signal }: ReadOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect({ host: address.host, port: address.port });
    const finish = (): void => {
      socket.destroy();
      resolve(text.slice(0, bytes));
    };
    signal.addEventListener('abort', finish, { once: true });
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => {
      text += chunk;
      if (text.length >= bytes) finish();
    });
    socket.once('end', finish);
    socket.once('error', (error) => reject(failedConnect(address.text, error)));
  });
}
