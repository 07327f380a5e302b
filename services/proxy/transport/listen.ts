import type { AddressInfo } from 'node:net';
import { createServer, type Server, Socket } from 'node:net';
import { errorCode, MeshError } from '#lib/base';
import { formatAddress, type SocketAddress, unwrapMappedIp } from './address.ts';
import { IGNORE } from './adopt-socket.ts';
import { handleOf, type ListenHandle, startReading, type TcpHandle } from './handle.ts';
import { ReadFeed } from './read-buffer.ts';
import { setUserTimeout } from './socket-options.ts';
import { Wire } from './wire.ts';

export interface ListenOptions {
  readonly address: SocketAddress;
  /** Undefined for the runtime's default. */
  readonly backlog?: number | undefined;
  /** 0 for none. */
  readonly keepAliveMs: number;
  /** 0 for none. */
  readonly userTimeoutMs: number;
}

/** An accepted connection, before anything was read. */
export interface Accepted {
  readonly wire: Wire;
  readonly client: SocketAddress;
  /** The address of ours that was connected to: after a redirect, that of the listener's side. */
  readonly local: string;
  readonly fd: number;
  readonly isIpv6: boolean;
}

export interface BoundListener {
  readonly address: SocketAddress;
  /** Takes connections from now on, first those that came before. */
  start(accept: (accepted: Accepted) => void): void;
  /** Stops accepting; open connections stay. */
  close(): void;
}

/**
 * Binds a listener. Connections that come before `start` wait, unread, so that sockets can be bound before the
 * identity is there.
 */
export async function bindListener(options: ListenOptions): Promise<BoundListener> {
  const server = createServer({ allowHalfOpen: true });
  const early: TcpHandle[] = [];
  let accept: ((accepted: Accepted) => void) | undefined;
  await bind(server, options);
  const handle = (server as unknown as { _handle: ListenHandle })._handle;
  // Node would make a socket that allocates a buffer for every read; ours share one.
  handle.onconnection = (status, client) => {
    if (status !== 0 || client === undefined) return;
    if (accept === undefined) early.push(client);
    else acceptHandle(client, options, accept);
  };
  const bound = server.address() as AddressInfo;
  return {
    address: { host: bound.address, port: bound.port },
    start(callback) {
      accept = callback;
      for (const client of early.splice(0)) acceptHandle(client, options, callback);
    },
    close: () => {
      for (const client of early.splice(0)) client.close();
      server.close();
    },
  };
}

function bind(server: Server, options: ListenOptions): Promise<void> {
  const { host, port } = options.address;
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(explainBindError(error, options.address)));
    server.listen({ host, port, backlog: options.backlog }, resolve);
  });
}

function explainBindError(error: Error, address: SocketAddress): MeshError {
  const where = formatAddress(address);
  const reasons: Readonly<Record<string, string>> = {
    EADDRINUSE: `cannot listen on ${where}: another program already does; stop it or choose another port`,
    EACCES: `cannot listen on ${where}: not permitted; choose a port above 1023 or run with CAP_NET_BIND_SERVICE`,
    EADDRNOTAVAIL: `cannot listen on ${where}: this machine has no such address`,
  };
  return new MeshError('LISTEN', reasons[errorCode(error)] ?? `cannot listen on ${where}: ${error.message}`, {
    cause: error,
  });
}

function acceptHandle(handle: TcpHandle, options: ListenOptions, accept: (accepted: Accepted) => void): void {
  handle.setNoDelay(true);
  if (options.keepAliveMs > 0) handle.setKeepAlive(true, Math.max(1, Math.round(options.keepAliveMs / 1000)));
  if (options.userTimeoutMs > 0) setUserTimeout(handle.fd, options.userTimeoutMs);
  const peer: { address?: string; port?: number } = {};
  const own: { address?: string } = {};
  handle.getsockname(own);
  if (handle.getpeername(peer) !== 0) {
    handle.close();
    return;
  }
  const feed = new ReadFeed();
  const socket = new Socket({ handle, allowHalfOpen: true, onread: feed.onread, manualStart: true } as never);
  const wire = new Wire(socket, IGNORE);
  feed.wire = wire;
  startReading(socket);
  const host = unwrapMappedIp(peer.address ?? '');
  accept({
    wire,
    client: { host, port: peer.port ?? 0 },
    local: unwrapMappedIp(own.address ?? ''),
    fd: handleOf(socket)?.fd ?? -1,
    isIpv6: host.includes(':'),
  });
  // Whoever took it may have paused it.
  if (!wire.closed && !socket.isPaused()) socket.resume();
}
