import { connect, type Socket } from 'node:net';
import { describeError } from '#lib/base';
import type { StreamFailure } from '../http/exchange.ts';
import { H2_ERROR } from '../http/exchange.ts';
import type { SocketAddress } from './address.ts';
import { handleOf } from './handle.ts';
import { ReadFeed } from './read-buffer.ts';
import { setUserTimeout } from './socket-options.ts';

/** How one direction of the proxy makes its connections. */
export interface ConnectConfig {
  readonly timeoutMs: number;
  /** 0 for none. */
  readonly keepAliveMs: number;
  /** 0 for none. */
  readonly userTimeoutMs: number;
}

export interface ConnectCallbacks {
  /** The socket is connected and does not read yet; `feed` takes the wire made of it. */
  onConnected(socket: Socket, feed: ReadFeed): void;
  onFailed(failure: StreamFailure): void;
}

/** Opens a TCP connection; calls exactly one of the callbacks. Returns what gives the attempt up silently. */
export function connectTcp(
  address: SocketAddress,
  config: ConnectConfig,
  callbacks: ConnectCallbacks,
): () => void {
  const feed = new ReadFeed();
  const socket = connect({
    host: address.host,
    port: address.port,
    noDelay: true,
    allowHalfOpen: true,
    onread: feed.onread,
    ...(config.keepAliveMs > 0 ? { keepAlive: true, keepAliveInitialDelay: config.keepAliveMs } : {}),
  });
  let done = false;
  const finish = (then?: () => void) => {
    if (done) return;
    done = true;
    clearTimeout(timer);
    socket.removeAllListeners();
    if (then === undefined) socket.on('error', () => {}).destroy();
    else then();
  };
  const fail = (kind: 'connect' | 'connect-timeout', message: string) =>
    finish(() => {
      socket.on('error', () => {}).destroy();
      callbacks.onFailed({ kind, code: H2_ERROR.refusedStream, message, unprocessed: true });
    });
  // After a stall of this process timers ring before the sockets are looked at: one that has connected meanwhile has not failed.
  const timer = setTimeout(
    () =>
      setImmediate(() =>
        fail('connect-timeout', `connect timed out after ${formatSeconds(config.timeoutMs)}`),
      ),
    config.timeoutMs,
  );
  socket.once('error', (error) => fail('connect', describeError(error)));
  socket.once('connect', () =>
    finish(() => {
      const handle = handleOf(socket);
      if (config.userTimeoutMs > 0 && handle !== undefined) setUserTimeout(handle.fd, config.userTimeoutMs);
      callbacks.onConnected(socket, feed);
    }),
  );
  return () => finish();
}

/** `1s`, `300ms`: as the proxy's error texts name a timeout. */
function formatSeconds(ms: number): string {
  return ms >= 1000 ? `${ms / 1000}s` : `${ms}ms`;
}
