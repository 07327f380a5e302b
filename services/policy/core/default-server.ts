import type { DefaultPolicy } from '../contract.ts';
import {
  ANY_IDENTITY,
  type Authentication,
  type Authorization,
  type InboundHttpRoute,
  type InboundProtocol,
  type InboundServer,
  UNAUTHENTICATED,
} from './inbound-server.ts';
import { referToDefault } from './reference.ts';

export const DETECT_TIMEOUT_MS = 10_000;
const EVERYWHERE = ['0.0.0.0/0', '::/0'];

export interface InboundConfig {
  /** For pods that do not choose one. */
  readonly defaultPolicy: DefaultPolicy;
  /** CIDRs that the `cluster-` policies let in. */
  readonly clusterNetworks: readonly string[];
  /** CIDRs from which probes are always let in; none turns that off. */
  readonly probeNetworks: readonly string[];
}

/** What a pod says about one of its ports. */
export interface PortSettings {
  readonly policy: DefaultPolicy;
  readonly requiresIdentity: boolean;
  readonly isOpaque: boolean;
  /** Paths that the kubelet asks for on this port, in order. */
  readonly probePaths: readonly string[];
}

/** The server of a port that no Server resource selects. */
export function buildDefaultServer(settings: PortSettings, config: InboundConfig): InboundServer {
  const policy = settings.requiresIdentity ? requireIdentity(settings.policy) : settings.policy;
  return {
    reference: referToDefault(policy),
    protocol: buildProtocol(settings, config),
    authorizations: authorizeByPolicy(policy, config),
  };
}

function requireIdentity(policy: DefaultPolicy): DefaultPolicy {
  if (policy === 'all-unauthenticated') return 'all-authenticated';
  return policy === 'cluster-unauthenticated' ? 'cluster-authenticated' : policy;
}

/** The authorization that a default policy stands for; none for `deny`. */
function authorizeByPolicy(policy: DefaultPolicy, config: InboundConfig): Authorization[] {
  const allow = (networks: readonly string[], authentication: Authentication) =>
    networks.length === 0 ? [] : [{ reference: referToDefault(policy), networks, authentication }];
  switch (policy) {
    case 'all-unauthenticated':
    case 'audit':
      return allow(EVERYWHERE, UNAUTHENTICATED);
    case 'all-authenticated':
      return allow(EVERYWHERE, ANY_IDENTITY);
    case 'cluster-unauthenticated':
      return allow(config.clusterNetworks, UNAUTHENTICATED);
    case 'cluster-authenticated':
      return allow(config.clusterNetworks, ANY_IDENTITY);
    case 'deny':
      return [];
  }
}

function buildProtocol(settings: PortSettings, config: InboundConfig): InboundProtocol {
  if (settings.isOpaque) return { kind: 'opaque' };
  const routes = buildDefaultRoutes(settings.probePaths, config.probeNetworks);
  return { kind: 'detect', timeoutMs: DETECT_TIMEOUT_MS, routes };
}

/** Everything under the server's own authorizations, and the kubelet's probes under one of their own. */
function buildDefaultRoutes(
  probePaths: readonly string[],
  probeNetworks: readonly string[],
): InboundHttpRoute[] {
  const routes: InboundHttpRoute[] = [
    {
      reference: referToDefault('default'),
      authorizations: [],
      rules: [{ matches: [{ path: { kind: 'prefix', value: '/' } }] }],
    },
  ];
  if (probePaths.length === 0 || probeNetworks.length === 0) return routes;
  const reference = referToDefault('probe');
  routes.push({
    reference,
    authorizations: [{ reference, networks: probeNetworks, authentication: UNAUTHENTICATED }],
    rules: [{ matches: probePaths.map((value) => ({ path: { kind: 'exact', value }, method: 'GET' })) }],
  });
  return routes;
}
