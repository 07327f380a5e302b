import type { SecureContext } from 'node:tls';
import { H2ClientConnection, type H2ClientOptions } from '../../http/h2/client-connection.ts';
import { DEFAULT_H2_CONFIG } from '../../http/h2/config.ts';
import type { SocketAddress } from '../../transport/address.ts';
import { adoptSocket } from '../../transport/adopt-socket.ts';
import { type ConnectConfig, connectTcp } from '../../transport/connect.ts';
import { originateTls } from '../../transport/tls-client.ts';
import type { Wire } from '../../transport/wire.ts';

export interface DialOptions {
  readonly connect: ConnectConfig;
  /** The identity that the server must prove and the context to do it with; undefined for plaintext. */
  readonly tls: { readonly identity: string; readonly context: SecureContext } | undefined;
  /** Callbacks of the connection, once there is one. */
  readonly connection: Pick<H2ClientOptions, 'onStateChange'>;
}

export interface DialCallbacks {
  onConnected(connection: H2ClientConnection): void;
  onFailed(message: string): void;
}

/** Handshakes have more time than the connect: a machine full of starting proxies is slow. */
const MIN_HANDSHAKE_MS = 5000;

/** Between proxies pings are answered for free; a plaintext server behind loopback may take offence at them. */
const MESH_H2_CONFIG = {
  ...DEFAULT_H2_CONFIG,
  keepAlive: { intervalMs: 10_000, timeoutMs: 3000, whileIdle: true },
};

/** Connects to one address and speaks HTTP/2 there, over mesh TLS without ALPN or in plaintext. */
export function dialControl(address: SocketAddress, options: DialOptions, callbacks: DialCallbacks): void {
  const { connect, tls } = options;
  const adopt = (wire: Wire) => {
    const config = tls === undefined ? DEFAULT_H2_CONFIG : MESH_H2_CONFIG;
    callbacks.onConnected(new H2ClientConnection(wire, { ...options.connection, config }));
  };
  connectTcp(address, connect, {
    onFailed: ({ message }) => callbacks.onFailed(message),
    onConnected(socket, feed) {
      if (tls === undefined) {
        adopt(adoptSocket(socket, feed));
        return;
      }
      originateTls(
        socket,
        {
          context: tls.context,
          serverName: tls.identity,
          serverId: tls.identity,
          alpn: undefined,
          timeoutMs: Math.max(connect.timeoutMs, MIN_HANDSHAKE_MS),
        },
        { onSecure: adopt, onFailed: ({ message }) => callbacks.onFailed(message) },
      );
    },
  });
}
