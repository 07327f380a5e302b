import { acceptTlsLabels, authzLabels, serverLabels, targetLabels } from '../metrics/labels.ts';
import { forwardTcp } from '../tcp/forward.ts';
import { formatAddress } from '../transport/address.ts';
import type { Wire } from '../transport/wire.ts';
import { authorize } from './authorize.ts';
import type { InboundConnection } from './http-handler.ts';

/**
 * Admits a connection to a gateway by the policy of its port, or closes it; a policy that no longer admits the client
 * ends what it had admitted.
 */
export function admitTcp(connection: InboundConnection, wire: Wire): boolean {
  if (!isAdmitted(connection)) {
    countDecision(connection, 'deny');
    wire.endAndClose();
    return false;
  }
  const stop = connection.port.onChange(() => {
    if (isAdmitted(connection, false)) return;
    stop();
    countDecision(connection, 'terminate');
    wire.reset();
  });
  wire.socket.once('close', stop);
  return true;
}

/** Forwards a connection whose protocol is not looked into, if the policy of its port admits the client. */
export function forwardToApp(wire: Wire, bytes: Buffer | undefined, connection: InboundConnection): void {
  const { context, port, app } = connection;
  if (!isAdmitted(connection)) {
    countDecision(connection, 'deny');
    wire.endAndClose();
    return;
  }
  wire.pause();
  app.connect(
    (upstream) => {
      if (wire.closed) {
        upstream.reset();
        return;
      }
      if (bytes !== undefined) upstream.writeBytes(bytes);
      // A policy that no longer admits the client ends what it had admitted.
      const check = () => {
        if (isAdmitted(connection, false)) return;
        stop();
        countDecision(connection, 'terminate');
        wire.reset();
        upstream.reset();
      };
      const stop = port.onChange(check);
      forwardTcp(wire, upstream, () => stop());
      // It may have changed while the app was connected to.
      check();
    },
    (failure) => {
      context.log.warn('Connection closed', {
        'client.addr': formatAddress(connection.clientAddress),
        error: `${formatAddress(connection.target)}: ${failure.message}`,
      });
      context.families.inboundTcpErrors.with({ error: 'i/o', ...targetLabels(connection.target) }).inc();
      wire.reset();
    },
  );
}

function isAdmitted(connection: InboundConnection, count = true): boolean {
  const { port, client, context, target, tls } = connection;
  const { policy } = port;
  // Opaque bytes on a port that is declared to speak HTTP are no request that could be authorized.
  const isHttpOnly =
    policy.protocol.kind === 'http1' || policy.protocol.kind === 'http2' || policy.protocol.kind === 'grpc';
  const verdict =
    isHttpOnly && tls.kind !== 'passthrough' ? undefined : authorize(policy.authorizations, client);
  if (verdict === undefined) return false;
  if (count) {
    context.families.inboundTcpAllow
      .with({
        ...targetLabels(target),
        ...serverLabels(policy.meta, target.port),
        ...authzLabels(verdict),
        ...acceptTlsLabels(tls),
      })
      .inc();
  }
  return true;
}

function countDecision(connection: InboundConnection, decision: 'deny' | 'terminate'): void {
  const { context, target, port, tls } = connection;
  const family = decision === 'deny' ? context.families.inboundTcpDeny : context.families.inboundTcpTerminate;
  family
    .with({
      ...targetLabels(target),
      ...serverLabels(port.policy.meta, target.port),
      ...acceptTlsLabels(tls),
    })
    .inc();
  context.log.info(decision === 'deny' ? 'Connection denied' : 'Connection terminated', {
    server: port.policy.meta.name,
    client: formatAddress(connection.clientAddress),
  });
}
