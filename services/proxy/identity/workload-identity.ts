import { identity } from '#lib/api';
import { type Clock, MeshError, systemClock } from '#lib/base';
import { isDnsSubdomain } from '#lib/pki';
import type { Logger } from '#lib/telemetry';
import type { ProxyConfig } from '../config.ts';
import { ControlChannel } from '../control/channel.ts';
import type { AddressResolver } from '../control/connection/resolver.ts';
import { callUnary } from '../control/unary-call.ts';
import type { Families } from '../metrics/families.ts';
import { createAnonymousContext } from '../transport/tls-config.ts';
import { startCertifier } from './certifier.ts';
import { createIdentityStore, type IdentityStore } from './identity-store.ts';
import { readToken } from './token-file.ts';
import { readTrustAnchors } from './trust-anchors.ts';

export interface WorkloadIdentityOptions {
  readonly config: Pick<ProxyConfig, 'identity' | 'inbound' | 'outbound'> & Partial<Pick<ProxyConfig, 'dns'>>;
  readonly families: Families;
  readonly log: Logger;
  readonly clock?: Clock;
  /** Replaced in tests. */
  readonly resolver?: AddressResolver;
}

export interface WorkloadIdentity {
  readonly store: IdentityStore;
  /** What the first certificate waits for, in a sentence; undefined once it is there. */
  describeWait(): string | undefined;
  close(): void;
}

/** How long one answer may take, a wait for a connection included. */
const CERTIFY_TIMEOUT_MS = 45_000;

/**
 * Starts to get and renew this proxy's certificate. Throws a MeshError at once where that cannot succeed: trust
 * anchors that are unreadable or expired, a name that is none, a token file that is absent or empty.
 */
export function startWorkloadIdentity(options: WorkloadIdentityOptions): WorkloadIdentity {
  const { config, families, log, clock = systemClock } = options;
  const { localName, tokenFile, trustAnchorsPem, service } = config.identity;
  const anchors = readTrustAnchors(trustAnchorsPem, clock.now());
  if (!isDnsSubdomain(localName)) {
    throw new MeshError(
      'IDENTITY_NAME',
      `LINKERD2_PROXY_IDENTITY_LOCAL_NAME is "${localName}", which is not a DNS name made of labels such as web.shop.serviceaccount.identity.linkerd.cluster.local`,
    );
  }
  readToken(tokenFile);
  const store = createIdentityStore();
  const channel = new ControlChannel({
    client: 'identity',
    address: service,
    inbound: config.inbound,
    outbound: config.outbound,
    ...(config.dns === undefined ? {} : { dns: config.dns }),
    currentContext() {
      const current = store.current();
      // The token says who asks; an expired certificate would only end the handshake.
      const isUsable = current !== undefined && current.notAfterMs > clock.now();
      return isUsable ? current.context : createAnonymousContext(trustAnchorsPem);
    },
    families,
    log,
    ...(options.resolver === undefined ? {} : { resolver: options.resolver }),
  });
  const { certify } = identity.Identity.method;
  const certifier = startCertifier({
    config: config.identity,
    anchors,
    store,
    certify: (request) => callUnary(channel, { method: certify, request, timeoutMs: CERTIFY_TIMEOUT_MS }),
    unreachable: () => channel.problem?.reason,
    families,
    log,
    clock,
  });
  return {
    store,
    describeWait: () => certifier.describeWait(),
    close() {
      certifier.close();
      channel.close();
    },
  };
}
