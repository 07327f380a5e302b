import { parseArgs } from 'node:util';
import { describeError } from '#lib/base';
import { type ConnectionOptions, isInCluster } from '#lib/cluster';
import { type Environment, parseNetworksValue } from '#lib/config';
import { type PortSet, parsePortSet } from '#lib/resources';
import { LogFilter } from '#lib/telemetry';
import { DEFAULT_OPAQUE_PORTS } from '../proxy/contract.ts';
import { DEFAULT_POLICIES, type DefaultPolicy, POLICY_ADMIN_PORT, POLICY_PORT } from './contract.ts';
import { createFlagError } from './errors.ts';

export interface ListenAddress {
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
}

export interface PolicyConfig {
  readonly grpcAddress: ListenAddress;
  readonly adminAddress: ListenAddress;
  readonly clusterDomain: string;
  readonly clusterNetworks: readonly string[];
  readonly defaultPolicy: DefaultPolicy;
  readonly defaultOpaquePorts: PortSet;
  readonly probeNetworks: readonly string[];
  readonly allowL5dRequestHeaders: boolean;
  /** A directory of manifests; undefined where state comes from a Kubernetes API. */
  readonly manifestsDir: string | undefined;
  /** The Kubernetes API to watch; undefined outside a cluster where no kubeconfig is named. */
  readonly kubernetes: ConnectionOptions | undefined;
  readonly logLevel: string;
  readonly logFormat: string;
}

/** Names first, with their defaults; the chart sets them (facts sheet charts, section 3.4). */
const DEFAULTS = {
  'grpc-addr': `0.0.0.0:${POLICY_PORT}`,
  'admin-addr': `0.0.0.0:${POLICY_ADMIN_PORT}`,
  'cluster-domain': 'cluster.local',
  'cluster-networks': '10.0.0.0/8,100.64.0.0/10,172.16.0.0/12,192.168.0.0/16,fd00::/8',
  'default-policy': 'all-unauthenticated',
  'default-opaque-ports': DEFAULT_OPAQUE_PORTS,
  'probe-networks': '',
  manifests: '',
  kubeconfig: '',
  'log-level': '',
  'log-format': 'plain',
  // Read by what grows out of policy resources; accepted, so that the chart's arguments fit.
  'identity-domain': 'cluster.local',
  'control-plane-namespace': 'linkerd',
  'global-egress-network-namespace': 'linkerd-egress',
} as const;

type Flag = keyof typeof DEFAULTS;

const LOG_ENV = 'LINKERD_POLICY_CONTROLLER_LOG';
const DEFAULT_LOG_LEVEL = 'info';

/** Reads the command line; the environment says where the cluster is. Throws a MeshError that names the flag. */
export function readConfig(args: readonly string[], env: Environment): PolicyConfig {
  const flags = parseFlags(args);
  const text = (flag: Flag): string => flags.values[flag] ?? DEFAULTS[flag];
  const parse = <T>(flag: Flag, parser: (value: string) => T): T => {
    try {
      return parser(text(flag));
    } catch (error) {
      throw createFlagError(`--${flag}`, `"${text(flag)}" ${describeError(error)}`);
    }
  };
  return {
    grpcAddress: parse('grpc-addr', parseListenAddress),
    adminAddress: parse('admin-addr', parseListenAddress),
    clusterDomain: parse('cluster-domain', parseDomain),
    clusterNetworks: parse('cluster-networks', parseNetworksValue),
    defaultPolicy: parse('default-policy', parsePolicy),
    defaultOpaquePorts: parse('default-opaque-ports', (value) => parsePortSet(value)),
    probeNetworks: parse('probe-networks', parseNetworksValue),
    allowL5dRequestHeaders: flags.allowL5dRequestHeaders,
    manifestsDir: text('manifests') || undefined,
    kubernetes: findKubernetes(text('kubeconfig'), env),
    logLevel: readLogLevel(text('log-level'), env),
    logFormat: parse('log-format', parseLogFormat),
  };
}

function findKubernetes(kubeconfig: string, env: Environment): ConnectionOptions | undefined {
  if (kubeconfig !== '') return { env, kubeconfig };
  return isInCluster(env) ? { env } : undefined;
}

interface Flags {
  readonly values: Readonly<Partial<Record<Flag, string>>>;
  readonly allowL5dRequestHeaders: boolean;
}

function parseFlags(args: readonly string[]): Flags {
  const options = Object.fromEntries(
    Object.keys(DEFAULTS).map((flag) => [flag, { type: 'string' as const }]),
  );
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { ...options, 'allow-l5d-request-headers': { type: 'boolean' } },
      strict: true,
    });
    const { 'allow-l5d-request-headers': allow, ...texts } = values;
    return { values: texts as Flags['values'], allowL5dRequestHeaders: allow === true };
  } catch (error) {
    throw createFlagError('The command line cannot be read:', describeError(error).split('. ')[0] ?? '');
  }
}

/** The flag, else the variable. */
function readLogLevel(flag: string, env: Environment): string {
  const level = flag || env[LOG_ENV] || DEFAULT_LOG_LEVEL;
  try {
    return new LogFilter(level).text;
  } catch (error) {
    throw createFlagError(flag === '' ? LOG_ENV : '--log-level', `is wrong: ${describeError(error)}`);
  }
}

function parseListenAddress(text: string): ListenAddress {
  const match = /^(?:\[([0-9a-fA-F:]+)\]|([\d.]+)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) throw new Error('is not an address and port such as 0.0.0.0:8090');
  return { host: match[1] ?? match[2] ?? '', port };
}

function parseDomain(text: string): string {
  const label = '[a-z0-9]([a-z0-9-]*[a-z0-9])?';
  if (!new RegExp(`^${label}(\\.${label})*$`).test(text)) throw new Error('is not a DNS domain');
  return text;
}

function parsePolicy(text: string): DefaultPolicy {
  const policy = DEFAULT_POLICIES.find((name) => name === text);
  if (policy === undefined) throw new Error(`is not one of ${DEFAULT_POLICIES.join(', ')}`);
  return policy;
}

function parseLogFormat(text: string): string {
  if (text !== 'plain' && text !== 'json') throw new Error('is neither plain nor json');
  return text;
}
