import type { Socket } from 'node:net';
import {
  createServer,
  type PeerCertificate,
  type SecureContext,
  type Server,
  type TLSSocket,
} from 'node:tls';
import { IGNORE } from './adopt-socket.ts';
import { parentOf } from './handle.ts';
import { feedTls } from './read-buffer.ts';
import { describeTlsError, namesOfSan } from './tls-config.ts';
import { Wire } from './wire.ts';

/** What a finished handshake says of the peer. */
export interface TerminatedTls {
  readonly wire: Wire;
  /** The first DNS or URI name of the client's certificate, undefined where it showed none. */
  readonly clientId: string | undefined;
  readonly alpn: string | undefined;
}

export interface TerminateCallbacks {
  onSecure(terminated: TerminatedTls): void;
  onFailed(message: string): void;
}

/** Terminates mesh TLS on connections that others accepted. */
export interface TlsTerminator {
  /**
   * Takes the wire's socket and the bytes already read from it, and handshakes. A client certificate is asked for,
   * not required; one that does not chain to the trust anchors fails the handshake.
   */
  terminate(wire: Wire, bytes: Buffer, callbacks: TerminateCallbacks): void;
  /** New handshakes use this context; live connections are untouched. */
  setContext(context: SecureContext): void;
}

/** `alpn`: undefined for a server that negotiates none (a server with a list kills clients that offer others only). */
export function createTerminator(alpn: readonly string[] | undefined): TlsTerminator {
  const waiting = new WeakMap<Socket, TerminateCallbacks>();
  let context: SecureContext | undefined;
  const server: Server = createServer({
    requestCert: true,
    rejectUnauthorized: false,
    allowHalfOpen: true,
    handshakeTimeout: 10_000,
    SNICallback: (_name, done) => done(null, context),
    ...(alpn === undefined ? {} : { ALPNProtocols: [...alpn] }),
  } as Parameters<typeof createServer>[0]);
  const callbacksOf = (socket: TLSSocket) => {
    const parent = parentOf(socket);
    return parent === undefined ? undefined : waiting.get(parent);
  };
  server.on('secureConnection', (socket) => finish(socket, callbacksOf(socket)));
  server.on('tlsClientError', (error, socket) => {
    callbacksOf(socket)?.onFailed(describeTlsError(error));
    socket.destroy();
  });
  return {
    setContext(next) {
      context = next;
      (server as unknown as { _sharedCreds: SecureContext })._sharedCreds = next;
    },
    terminate(wire, bytes, callbacks) {
      const socket = wire.detach();
      waiting.set(socket, callbacks);
      // A peer that stops writing during the handshake has left; afterwards it may do so (see `finish`).
      socket.allowHalfOpen = false;
      // A flowing socket would drop what is pushed back before TLS reads it.
      socket.pause();
      socket.unshift(bytes);
      server.emit('connection', socket);
    },
  };
}

function finish(socket: TLSSocket, callbacks: TerminateCallbacks | undefined): void {
  socket.allowHalfOpen = true;
  const peer = socket.getPeerCertificate() as PeerCertificate | undefined;
  const hasCertificate = peer?.raw !== undefined;
  if (hasCertificate && !socket.authorized) {
    const reason = String(socket.authorizationError);
    socket.destroy();
    callbacks?.onFailed(`the client's certificate is not valid: ${reason}`);
    return;
  }
  const wire = new Wire(socket, IGNORE);
  callbacks?.onSecure({
    wire,
    clientId: hasCertificate ? namesOfSan(peer.subjectaltname)[0] : undefined,
    alpn: typeof socket.alpnProtocol === 'string' ? socket.alpnProtocol : undefined,
  });
  // Whoever was told may have ended it at once.
  if (!socket.destroyed) feedTls(socket, wire);
}
