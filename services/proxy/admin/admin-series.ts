import type { ClientInfo } from '../inbound/authorize.ts';
import type { ServerPolicy } from '../inbound/server-policy.ts';
import type { Families } from '../metrics/families.ts';
import { HttpSeries } from '../metrics/http-series.ts';
import {
  type AcceptTls,
  acceptTlsLabels,
  authzLabels,
  inboundRouteLabels,
  serverLabels,
  targetLabels,
} from '../metrics/labels.ts';
import type { SocketAddress } from '../transport/address.ts';
import type { Admission } from './admission.ts';

/** What admin requests count in. */
export type AdminFamilies = Pick<
  Families,
  | 'requests'
  | 'responses'
  | 'responseLatency'
  | 'inboundHttpAllow'
  | 'inboundHttpDeny'
  | 'inboundRouteNotFound'
  | 'inboundHttpErrors'
>;

export interface AdminRequestFacts {
  readonly families: AdminFamilies;
  /** Where the admin server listens. */
  readonly target: SocketAddress;
  readonly policy: ServerPolicy;
  readonly client: ClientInfo;
}

/** Told of the response when it begins. */
export type CountResponse = (status: number) => void;

/** Counts a request to the admin server as one to any other port: who was let in by what, and how it was answered. */
export function countAdminRequest(facts: AdminRequestFacts, admission: Admission): CountResponse {
  const { families, target, policy, client } = facts;
  const at = targetLabels(target);
  const server = serverLabels(policy.meta, target.port);
  const tls = acceptTlsLabels(tlsOf(client));
  if (admission.kind === 'no-route') {
    families.inboundRouteNotFound.with({ ...at, ...server, ...tls }).inc();
    return () => {};
  }
  const route = inboundRouteLabels(admission.route);
  if (admission.kind === 'denied') {
    families.inboundHttpDeny.with({ ...at, ...server, ...route, ...tls }).inc();
    return () => {};
  }
  const authz = authzLabels(admission.authz);
  families.inboundHttpAllow.with({ ...at, ...server, ...route, ...authz, ...tls }).inc();
  const labels = { direction: 'inbound', ...at, ...tls, ...server, ...route, ...authz };
  const series = new HttpSeries(families, labels);
  const startMs = performance.now();
  series.requests.inc();
  return (status) => {
    const { total, latencyMs } = series.plain(status);
    total.inc();
    latencyMs.observe(performance.now() - startMs);
  };
}

function tlsOf({ isTls, identity }: ClientInfo): AcceptTls {
  return isTls ? { kind: 'established', clientId: identity } : { kind: 'none', reason: 'no_tls_from_remote' };
}
