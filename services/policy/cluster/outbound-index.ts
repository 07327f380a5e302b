import type { ClusterSource } from '#lib/cluster';
import { SERVICES, type Service } from '#lib/resources';
import type { Logger } from '#lib/telemetry';
import type { OutboundPolicy } from '../core/outbound-policy.ts';
import { buildEgressFallback, buildServicePolicy, type OutboundConfig } from '../core/service-policy.ts';
import { readServiceSettings, type ServiceSettings } from '../core/service-settings.ts';
import type { OutboundTarget } from '../core/target.ts';
import { clusterIpsOf, createClusterIps } from './cluster-ips.ts';
import { createNetworks } from './networks.ts';
import type { PolicyLookup } from './policy-lookup.ts';
import { createWatchTable } from './watch-table.ts';

export interface OutboundIndexOptions {
  /** Not started yet. */
  readonly source: ClusterSource;
  readonly config: OutboundConfig;
  /** CIDRs inside which an address that is no Service has no policy. */
  readonly clusterNetworks: readonly string[];
  readonly log: Logger;
}

/** The outbound policy of every Service port, and of what lies outside the cluster. */
export function createOutboundIndex(
  options: OutboundIndexOptions,
): PolicyLookup<OutboundTarget, OutboundPolicy> {
  const { source, config, log } = options;
  const services = source.store(SERVICES);
  // Subscribed before the table, so that it knows the new addresses when watches are computed anew.
  const clusterIps = createClusterIps(services);
  const networks = createNetworks(options.clusterNetworks);
  const table = createWatchTable<OutboundPolicy | undefined>();
  const settings = createSettingsMemo(log);

  const getServicePolicy = (service: Service | undefined, port: number): OutboundPolicy | undefined => {
    if (service === undefined || service.spec.type === 'ExternalName') return undefined;
    return buildServicePolicy(service, port, { settings: settings(service), config });
  };
  const get = (target: OutboundTarget): OutboundPolicy | undefined => {
    if (target.kind === 'service') {
      return getServicePolicy(services.get(target.namespace, target.name), target.port);
    }
    const { ip, port } = target.address;
    const service = clusterIps.find(ip);
    if (service !== undefined) return getServicePolicy(service, port);
    return networks.has(ip) ? undefined : buildEgressFallback(target.address);
  };

  services.subscribe((change) => {
    const states = change.type === 'modified' ? [change.previous, change.object] : [change.object];
    table.refresh(new Set(states.flatMap(keysOf)));
  });
  return {
    get watches() {
      return table.size;
    },
    get,
    watch: (target, listener) =>
      table.watch(keyOf(target), { compute: () => get(target), initial: get(target), listener }),
  };
}

function keyOf(target: OutboundTarget): string {
  return target.kind === 'service' ? `${target.namespace}/${target.name}` : target.address.ip;
}

/** Under which keys watches may depend on the Service. */
function keysOf(service: Service): string[] {
  return [`${service.metadata.namespace ?? ''}/${service.metadata.name}`, ...clusterIpsOf(service)];
}

/** Reads each Service once; objects never change, a new state is a new object. */
function createSettingsMemo(log: Logger): (service: Service) => ServiceSettings {
  const memo = new WeakMap<Service, ServiceSettings>();
  return (service) => {
    const known = memo.get(service);
    if (known !== undefined) return known;
    const settings = readServiceSettings(service);
    memo.set(service, settings);
    const { namespace, name } = service.metadata;
    for (const warning of settings.warnings) {
      log.warn('service setting ignored', { namespace, service: name, warning });
    }
    return settings;
  };
}
