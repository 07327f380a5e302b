import type { Socket } from 'node:net';
import { type ConnectionOptions, connect, type PeerCertificate, type SecureContext } from 'node:tls';
import { H2_ERROR, type StreamFailure } from '../http/exchange.ts';
import { IGNORE } from './adopt-socket.ts';
import { feedTls } from './read-buffer.ts';
import { describeTlsError, namesOfSan } from './tls-config.ts';
import { Wire } from './wire.ts';

export interface OriginateOptions {
  readonly context: SecureContext;
  /** The SNI to send. */
  readonly serverName: string;
  /** The identity the server's certificate must carry. */
  readonly serverId: string;
  /** Offered protocol, or undefined to offer none. */
  readonly alpn: string | undefined;
  readonly timeoutMs: number;
}

export interface OriginateCallbacks {
  /** `alpn`: what the server chose, undefined where it chose none. */
  onSecure(wire: Wire, alpn: string | undefined): void;
  onFailed(failure: StreamFailure): void;
}

/**
 * Handshakes as a client over a connected socket. The server's chain must lead to a trust anchor and its leaf must
 * carry the expected identity: anything else ends the connection before a byte of the app is sent.
 */
export function originateTls(raw: Socket, options: OriginateOptions, callbacks: OriginateCallbacks): void {
  const socket = connect(connectOptions(raw, options));
  const settle = () => {
    clearTimeout(timer);
    socket.off('error', onError).off('close', onClose).off('secureConnect', onSecure);
  };
  const fail = (kind: 'connect' | 'connect-timeout', message: string) => {
    settle();
    socket.on('error', () => {}).destroy();
    callbacks.onFailed({ kind, code: H2_ERROR.connectError, message, unprocessed: true });
  };
  const onError = (error: Error) => fail('connect', describeTlsError(error));
  const onClose = () => fail('connect', 'the peer closed the connection during the TLS handshake');
  const onSecure = () => {
    settle();
    const wire = new Wire(socket, IGNORE);
    callbacks.onSecure(wire, typeof socket.alpnProtocol === 'string' ? socket.alpnProtocol : undefined);
    feedTls(socket, wire);
  };
  const timer = setTimeout(
    () => fail('connect-timeout', `TLS handshake timed out after ${options.timeoutMs}ms`),
    options.timeoutMs,
  );
  socket.once('error', onError).once('close', onClose).once('secureConnect', onSecure);
}

function connectOptions(raw: Socket, options: OriginateOptions): ConnectionOptions {
  const { serverId, alpn } = options;
  const expected = serverId.includes('://') ? serverId : serverId.toLowerCase();
  const checkServerIdentity = (_name: string, certificate: PeerCertificate) =>
    namesOfSan(certificate.subjectaltname).includes(expected)
      ? undefined
      : new Error(
          `certificate does not match TLS identity: expected ${serverId}, found ${certificate.subjectaltname ?? 'no names'}`,
        );
  return {
    socket: raw,
    secureContext: options.context,
    servername: options.serverName,
    // Said here, so that no environment variable can turn the check off.
    rejectUnauthorized: true,
    checkServerIdentity,
    ...(alpn === undefined ? {} : { ALPNProtocols: [alpn] }),
    // Node takes it, its types do not know it: a peer may finish writing before we do.
    ...{ allowHalfOpen: true },
  };
}
