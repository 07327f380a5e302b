import {
  createSecureContext,
  type PeerCertificate,
  type SecureContext,
  TLSSocket,
  type TLSSocketOptions,
} from 'node:tls';
import { IGNORE } from './adopt-socket.ts';
import { takeTlsErrors, verifyErrorOf } from './handle.ts';
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

/** Longer a client may not take. */
const HANDSHAKE_TIMEOUT_MS = 10_000;

/**
 * `alpn`: undefined for a server that negotiates none (a server with a list kills clients that offer others only).
 *
 * Not Node's TLS server: that of 24.21 asks for the client's certificate once more (getPeerX509Certificate), which takes
 * the intermediate out of OpenSSL's chain and frees it never: 4.5 kB a handshake (test/soak/handshake-memory.test.ts).
 */
export function createTerminator(
  alpn: readonly string[] | undefined,
  handshakeTimeoutMs = HANDSHAKE_TIMEOUT_MS,
): TlsTerminator {
  const fixed = socketOptions(alpn, handshakeTimeoutMs);
  // One without a certificate, with which every handshake fails.
  let context = createSecureContext();
  return {
    setContext(next) {
      context = next;
    },
    terminate(wire, bytes, callbacks) {
      const socket = wire.detach();
      // A peer that stops writing during the handshake has left; afterwards it may do so (see `finish`).
      socket.allowHalfOpen = false;
      // A flowing socket would drop what is pushed back before TLS reads it.
      socket.pause();
      socket.unshift(bytes);
      const options = { ...fixed, secureContext: context };
      handshake(new TLSSocket(socket, options), callbacks);
    },
  };
}

function socketOptions(alpn: readonly string[] | undefined, handshakeTimeoutMs: number): TLSSocketOptions {
  return {
    isServer: true,
    requestCert: true,
    // Node only asks for the certificate then; whether it is valid, `handshake` sees.
    rejectUnauthorized: false,
    ...(alpn === undefined ? {} : { ALPNProtocols: alpn }),
    // Node takes it, its types do not know it.
    ...{ handshakeTimeout: handshakeTimeoutMs },
  };
}

function handshake(socket: TLSSocket, callbacks: TerminateCallbacks): void {
  let isOver = false;
  const fail = (message: string) => {
    if (isOver) return;
    isOver = true;
    socket.destroy();
    callbacks.onFailed(message);
  };
  takeTlsErrors(socket);
  socket.on('error', (error) => fail(describeTlsError(error)));
  socket.on('close', () => fail('the peer closed the connection during the TLS handshake'));
  socket.once('secure', () => {
    if (isOver) return;
    const peer = socket.getPeerCertificate() as PeerCertificate | undefined;
    const client = peer?.raw === undefined ? undefined : peer;
    const reason = client === undefined ? undefined : verifyErrorOf(socket);
    if (reason !== undefined) {
      fail(`the client's certificate is not valid: ${reason}`);
      return;
    }
    isOver = true;
    finish(socket, client, callbacks);
  });
}

function finish(socket: TLSSocket, client: PeerCertificate | undefined, callbacks: TerminateCallbacks): void {
  socket.allowHalfOpen = true;
  const wire = new Wire(socket, IGNORE);
  callbacks.onSecure({
    wire,
    clientId: client === undefined ? undefined : namesOfSan(client.subjectaltname)[0],
    alpn: typeof socket.alpnProtocol === 'string' ? socket.alpnProtocol : undefined,
  });
  // Whoever was told may have ended it at once.
  if (!socket.destroyed) feedTls(socket, wire);
}
