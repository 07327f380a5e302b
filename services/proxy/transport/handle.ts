import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';

/** What we use of Node's TCP handle. Node is pinned by the lockfile, and listen.test.ts fails where this changes. */
export interface TcpHandle {
  readonly fd: number;
  setNoDelay(on: boolean): number;
  setKeepAlive(on: boolean, delaySeconds: number): number;
  getsockname(out: { address?: string; port?: number; family?: string }): number;
  getpeername(out: { address?: string; port?: number; family?: string }): number;
  close(): void;
}

/** A listening handle: libuv calls `onconnection` for every accepted connection. */
export interface ListenHandle {
  onconnection: (status: number, handle: TcpHandle | undefined) => void;
}

/** The handle under a socket, or undefined once it is closed. */
export function handleOf(socket: Socket): TcpHandle | undefined {
  return (socket as unknown as { _handle?: TcpHandle | null })._handle ?? undefined;
}

/** The socket under a TLS socket that was made over one. */
export function parentOf(socket: TLSSocket): Socket | undefined {
  return (socket as unknown as { _parent?: Socket | null })._parent ?? undefined;
}

/**
 * Starts reading by handle, so that pausing and resuming take effect at once. Node otherwise starts a socket's first
 * read a tick after `resume()`, whatever `pause()` says in between.
 */
export function startReading(socket: Socket): void {
  socket.read(0);
}
