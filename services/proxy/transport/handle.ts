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

/** What we use of Node's handle under a TLS socket, and of that itself; tls.test.ts fails where this changes. */
interface TlsInternals {
  readonly _handle: { verifyError(): { readonly code?: string } | null };
  _releaseControl(): boolean;
}

/**
 * Why the certificate that the peer showed is not valid, as OpenSSL's code; undefined where it is. Asked when the
 * handshake is done. Of a peer without a certificate it says that there is none.
 */
export function verifyErrorOf(socket: TLSSocket): string | undefined {
  const error = (socket as unknown as TlsInternals)._handle.verifyError();
  // Anything but a clear yes is a no.
  return error === null ? undefined : (error?.code ?? 'unknown');
}

/** Errors of a TLS socket made by `new` are `error` events from now on; until then Node keeps them for its own server. */
export function takeTlsErrors(socket: TLSSocket): void {
  (socket as unknown as TlsInternals)._releaseControl();
}

/**
 * Starts reading by handle, so that pausing and resuming take effect at once. Node otherwise starts a socket's first
 * read a tick after `resume()`, whatever `pause()` says in between.
 */
export function startReading(socket: Socket): void {
  socket.read(0);
}
