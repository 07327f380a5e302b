import type { Millis } from '#lib/base';
import type { DefaultPolicyName } from '../config.ts';
import { defaultMeta } from '../policy/metadata.ts';
import type { Authentication, Network, ServerPolicy } from './server-policy.ts';

const ALL_NETWORKS: readonly Network[] = [
  { net: { base: '0.0.0.0', prefixLength: 0 }, except: [] },
  { net: { base: '::', prefixLength: 0 }, except: [] },
];

export interface DefaultPolicyOptions {
  readonly name: DefaultPolicyName;
  readonly clusterNetworks: readonly string[];
  readonly detectTimeoutMs: Millis;
  readonly isOpaque: boolean;
}

/** What is in force on a port until the policy service has spoken. Source: facts sheet proxy-wire, section 23. */
export function createDefaultServerPolicy(options: DefaultPolicyOptions): ServerPolicy {
  const { name, isOpaque, detectTimeoutMs } = options;
  const meta = defaultMeta(name);
  if (name === 'deny') return { protocol: { kind: 'opaque' }, meta, authorizations: [] };
  const isCluster = name.startsWith('cluster-') || name === 'audit';
  const networks = isCluster && name !== 'audit' ? options.clusterNetworks.map(networkOf) : ALL_NETWORKS;
  const authentication: Authentication = name.endsWith('-authenticated')
    ? { kind: 'mesh-tls', identities: new Set(), suffixes: [''] }
    : { kind: 'unauthenticated' };
  return {
    protocol: isOpaque ? { kind: 'opaque' } : { kind: 'detect', timeoutMs: detectTimeoutMs, routes: [] },
    meta,
    authorizations: [{ meta, networks, authentication }],
  };
}

function networkOf(cidr: string): Network {
  const [base = '', length = '0'] = cidr.split('/');
  return { net: { base, prefixLength: Number(length) }, except: [] };
}
