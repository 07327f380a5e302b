import type { MeshError } from '#lib/base';
import { type ConnectionOptions, isInCluster } from '#lib/cluster';
import type { Environment } from '#lib/config';
import { isDnsSubdomain } from '#lib/pki';
import { readPortSet } from '#lib/resources';
import { DESTINATION_ADMIN_PORT, DESTINATION_PORT, DESTINATION_FLAG as FLAG } from './contract.ts';
import type { Http2ClientParams } from './core/http2-params.ts';
import type { DestinationSettings } from './core/settings.ts';
import { refuseFlag } from './errors.ts';
import { type FlagReader, type ListenAddress, readFlags } from './flags.ts';
import { parseHttp2Params } from './http2-params.ts';

/** Everything that the service needs to run, complete. */
export interface DestinationConfig {
  readonly help: boolean;
  readonly addr: ListenAddress;
  readonly adminAddr: ListenAddress;
  readonly settings: DestinationSettings;
  readonly http2Params: Http2ClientParams;
  readonly streamQueueCapacity: number;
  /** The directory of manifests to serve from. */
  readonly manifestsDir: string | undefined;
  /** The Kubernetes API to watch; undefined outside a cluster where no kubeconfig is named. */
  readonly kubernetes: ConnectionOptions | undefined;
  readonly kubeApiClientQps: number;
  readonly kubeApiClientBurst: number;
  readonly logLevel: string;
  readonly logFormat: string;
  /** What was wrong but has a default that serves: to be logged. */
  readonly warnings: readonly string[];
}

const DEFAULT_CLUSTER_DOMAIN = 'cluster.local';

/** Reads the command line; the environment says where the cluster is. Throws a MeshError with one sentence. */
export function parseDestinationConfig(argv: readonly string[], env: Environment = {}): DestinationConfig {
  const flags = readFlags(argv);
  const warnings: string[] = [];
  return {
    help: flags.boolean(FLAG.help, false),
    addr: flags.address(FLAG.addr, `:${DESTINATION_PORT}`),
    adminAddr: flags.address(FLAG.metricsAddr, `:${DESTINATION_ADMIN_PORT}`),
    settings: parseSettings(flags, warnings),
    http2Params: parseHttp2Params(flags.text(FLAG.meshedHttp2ClientParams, '')),
    streamQueueCapacity: flags.count(FLAG.streamQueueCapacity, 100),
    manifestsDir: flags.text(FLAG.manifests, '') || undefined,
    kubernetes: findKubernetes(flags.text(FLAG.kubeconfig, ''), env),
    kubeApiClientQps: flags.count(FLAG.kubeApiClientQps, 100),
    kubeApiClientBurst: flags.count(FLAG.kubeApiClientBurst, 200),
    logLevel: flags.text(FLAG.logLevel, 'info'),
    logFormat: flags.text(FLAG.logFormat, 'plain'),
    warnings,
  };
}

function findKubernetes(kubeconfig: string, env: Environment): ConnectionOptions | undefined {
  if (kubeconfig !== '') return { env, kubeconfig };
  return isInCluster(env) ? { env } : undefined;
}

function parseSettings(flags: FlagReader, warnings: string[]): DestinationSettings {
  const slices = flags.boolean(FLAG.enableEndpointSlices, true);
  if (!slices)
    throw refuseFlag(FLAG.enableEndpointSlices, 'is false; only EndpointSlices are read, leave it out');
  return {
    controllerNamespace: flags.text(FLAG.controllerNamespace, 'linkerd'),
    trustDomain: parseDomain(FLAG.identityTrustDomain, flags.text(FLAG.identityTrustDomain, '')),
    clusterDomain: parseClusterDomain(flags, warnings),
    defaultOpaquePorts: parseOpaquePorts(flags, warnings),
    enableH2Upgrade: flags.boolean(FLAG.enableH2Upgrade, true),
    enableIpv6: flags.boolean(FLAG.enableIpv6, true),
    forceOpaqueTransport: parseTransportMode(flags, warnings),
    zoneWeights: flags.boolean(FLAG.extEndpointZoneWeights, false),
  };
}

function parseClusterDomain(flags: FlagReader, warnings: string[]): string {
  const domain = parseDomain(FLAG.clusterDomain, flags.text(FLAG.clusterDomain, ''));
  if (domain !== '') return domain;
  warnings.push(`-${FLAG.clusterDomain} is not set; ${DEFAULT_CLUSTER_DOMAIN} is used.`);
  return DEFAULT_CLUSTER_DOMAIN;
}

function parseDomain(flag: string, domain: string): string {
  if (domain === '' || isDnsSubdomain(domain)) return domain;
  throw refuseFlag(flag, `is "${domain}"; give it a DNS name such as ${DEFAULT_CLUSTER_DOMAIN}`);
}

function parseOpaquePorts(flags: FlagReader, warnings: string[]): DestinationSettings['defaultOpaquePorts'] {
  const { ports, errors } = readPortSet(flags.text(FLAG.defaultOpaquePorts, ''));
  warnings.push(...errors.map((error: MeshError) => `-${FLAG.defaultOpaquePorts}: ${error.message}`));
  return ports;
}

/** Whether meshed peers are reached through their proxies' port only. */
function parseTransportMode(flags: FlagReader, warnings: string[]): boolean {
  const mode = flags.text(FLAG.outboundTransportMode, 'transparent');
  if (mode !== 'transport-header' && mode !== 'transparent') {
    warnings.push(
      `-${FLAG.outboundTransportMode} is "${mode}", neither transparent nor transport-header; transparent is used.`,
    );
  }
  return mode === 'transport-header';
}
