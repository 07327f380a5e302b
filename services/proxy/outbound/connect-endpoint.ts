import type { Logger } from '#lib/telemetry';
import { TRANSPORT_ALPN } from '../contract.ts';
import { isDnsName } from '../detect/client-hello.ts';
import { encodeTransportHeader, type SessionProtocol } from '../detect/transport-header.ts';
import type { StreamFailure } from '../http/exchange.ts';
import { isLoopback } from '../transport/address.ts';
import { adoptSocket } from '../transport/adopt-socket.ts';
import { connectTcp } from '../transport/connect.ts';
import { originateTls } from '../transport/tls-client.ts';
import type { Wire } from '../transport/wire.ts';
import type { OutboundContext } from './dispatch-context.ts';
import type { Endpoint, EndpointTls } from './endpoint.ts';

export interface EndpointConnectCallbacks {
  onConnected(wire: Wire): void;
  onFailed(failure: StreamFailure): void;
}

/** The identity to demand of an endpoint, undefined for plaintext: its own pod, or none known. */
export function tlsOf(endpoint: Endpoint, context: OutboundContext): EndpointTls | undefined {
  return context.localIps.has(endpoint.address.host) ? undefined : endpoint.tls;
}

/**
 * Dials an endpoint: TCP, mesh TLS where it has an identity, and a transport header where the peer takes one.
 * `session` is what will be spoken inside.
 */
export function connectEndpoint(
  endpoint: Endpoint,
  options: { readonly session: SessionProtocol; readonly context: OutboundContext },
  callbacks: EndpointConnectCallbacks,
): void {
  const { context } = options;
  const tls = tlsOf(endpoint, context);
  if (isLoopback(endpoint.address.host)) {
    callbacks.onFailed({
      kind: 'connect',
      code: 0,
      message: 'Outbound proxy cannot initiate connections on the loopback interface',
      unprocessed: true,
    });
    return;
  }
  const header = tls === undefined ? undefined : transportHeaderFor(endpoint, options.session, context.log);
  const port = header?.dialPort ?? endpoint.address.port;
  connectTcp({ host: endpoint.address.host, port }, context.config.connect, {
    onFailed: (failure) => callbacks.onFailed(failure),
    onConnected(socket, feed) {
      if (tls === undefined) {
        callbacks.onConnected(adoptSocket(socket, feed));
        return;
      }
      const { timeoutMs } = context.config.connect;
      const alpn = header === undefined ? undefined : TRANSPORT_ALPN;
      originateTls(
        socket,
        { context: context.currentTls(), ...tls, alpn, timeoutMs: Math.max(timeoutMs, 1000) },
        {
          onFailed: (failure) => callbacks.onFailed(failure),
          onSecure(wire, negotiated) {
            // A peer that did not agree on the header gets the bytes as they are.
            if (header !== undefined && negotiated === TRANSPORT_ALPN) wire.writeBytes(header.bytes);
            callbacks.onConnected(wire);
          },
        },
      );
    },
  });
}

interface OutgoingHeader {
  readonly bytes: Buffer;
  readonly dialPort: number;
}

function transportHeaderFor(
  endpoint: Endpoint,
  session: SessionProtocol,
  log: Logger,
): OutgoingHeader | undefined {
  const sessionProtocol = endpoint.hint === 'opaque' ? 'none' : session;
  if (endpoint.opaqueTransportPort !== undefined) {
    const bytes = encodeTransportHeader({ port: endpoint.address.port, name: '', sessionProtocol });
    return { bytes, dialPort: endpoint.opaqueTransportPort };
  }
  const override = /^(.+):(\d+)$/.exec(endpoint.authorityOverride ?? '');
  if (override === null) return undefined;
  const name = override[1] ?? '';
  const isName = isDnsName(name);
  if (!isName) log.warn('Authority override names no DNS name', { name });
  const bytes = encodeTransportHeader({
    port: Number(override[2]),
    name: isName ? name : '',
    sessionProtocol,
  });
  return { bytes, dialPort: endpoint.address.port };
}
