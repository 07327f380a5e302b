import { type EnvReader, PortRanges, parseNetworksValue, parsePortRangesValue } from '#lib/config';
import { name } from './environment.ts';

/** The policies that the proxy takes as its default until the policy service has spoken. */
const DEFAULT_POLICY_NAMES = [
  'deny',
  'all-authenticated',
  'all-unauthenticated',
  'cluster-authenticated',
  'cluster-unauthenticated',
  'audit',
] as const;
export type DefaultPolicyName = (typeof DEFAULT_POLICY_NAMES)[number];

export interface InboundPolicyConfig {
  readonly inboundPorts: readonly number[];
  readonly inboundOpaquePorts: PortRanges;
  readonly inboundDefaultPolicy: DefaultPolicyName;
  readonly clusterNetworks: readonly string[];
}

const NO_PORTS = new PortRanges([]);

export function readInboundPolicy(env: EnvReader, warnings: string[]): InboundPolicyConfig {
  const ports = (suffix: string) => env.optional(name(suffix), parsePortRangesValue, NO_PORTS);
  const clusterNetworks = env.optional(name('POLICY_CLUSTER_NETWORKS'), parseNetworksValue, []);
  return {
    inboundPorts: [...ports('INBOUND_PORTS').ports()],
    inboundOpaquePorts: ports('INBOUND_PORTS_DISABLE_PROTOCOL_DETECTION'),
    inboundDefaultPolicy: readDefaultPolicy(env, clusterNetworks, warnings),
    clusterNetworks,
  };
}

function readDefaultPolicy(
  env: EnvReader,
  networks: readonly string[],
  warnings: string[],
): DefaultPolicyName {
  const variable = name('INBOUND_DEFAULT_POLICY');
  if (env.text(variable) === undefined) warnings.push(`${variable} was not set; using all-unauthenticated`);
  const policy = env.optional(variable, parseDefaultPolicyValue, 'all-unauthenticated');
  if ((policy.startsWith('cluster-') || policy === 'audit') && networks.length === 0) {
    env.report(
      variable,
      `"${policy}" needs ${name('POLICY_CLUSTER_NETWORKS')} to name the cluster's networks`,
    );
  }
  return policy;
}

function parseDefaultPolicyValue(text: string): DefaultPolicyName {
  const known = DEFAULT_POLICY_NAMES.find((candidate) => candidate === text);
  if (known === undefined) throw new Error(`is none of ${DEFAULT_POLICY_NAMES.join(', ')}`);
  return known;
}
