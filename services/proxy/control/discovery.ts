import type { SecureContext } from 'node:tls';
import type { Logger } from '#lib/telemetry';
import type { ProxyConfig } from '../config.ts';
import type { Families } from '../metrics/families.ts';
import { ControlChannel } from './channel.ts';
import { createDestinationClient } from './destination-client.ts';
import type { InboundDiscovery, OutboundDiscovery } from './discovery-api.ts';
import { createDiscoveryStatus } from './discovery-status.ts';
import { createPolicyClient } from './policy-client.ts';
import type { AddressResolver } from './resolver.ts';

export interface DiscoveryOptions {
  readonly config: Pick<
    ProxyConfig,
    | 'inbound'
    | 'outbound'
    | 'destination'
    | 'destinationContext'
    | 'policy'
    | 'policyWorkload'
    | 'profileNetworks'
    | 'controlStream'
  >;
  /** Our certificate; undefined while there is none: calls wait for it. */
  readonly currentContext: () => SecureContext | undefined;
  readonly families: Families;
  readonly log: Logger;
  /** Replaced in tests. */
  readonly resolver?: AddressResolver;
}

export interface Discovery {
  readonly outbound: OutboundDiscovery;
  readonly inbound: InboundDiscovery;
  close(): void;
}

/** The proxy's clients of the destination and the policy service. Connects with the first watch. */
export function createDiscovery(options: DiscoveryOptions): Discovery {
  const { config, families, log } = options;
  const openChannel = (client: 'destination' | 'policy') =>
    new ControlChannel({
      client,
      address: config[client],
      inbound: config.inbound,
      outbound: config.outbound,
      currentContext: options.currentContext,
      families,
      log,
      ...(options.resolver === undefined ? {} : { resolver: options.resolver }),
    });
  const channels = { destination: openChannel('destination'), policy: openChannel('policy') };
  const limits = config.controlStream;
  const destination = createDestinationClient({
    channel: channels.destination,
    status: createDiscoveryStatus('destination', families),
    limits,
    contextToken: config.destinationContext,
    profileNetworks: config.profileNetworks,
  });
  const policy = createPolicyClient({
    channel: channels.policy,
    status: createDiscoveryStatus('policy', families),
    limits,
    workload: config.policyWorkload,
    detectTimeoutMs: config.inbound.detectTimeoutMs,
    log,
  });
  return {
    outbound: {
      watchProfile: destination.watchProfile,
      watchEndpoints: destination.watchEndpoints,
      watchPolicy: policy.watchPolicy,
      isConnected: () => channels.destination.isReachable && channels.policy.isReachable,
    },
    inbound: { watchServer: policy.watchServer },
    close() {
      channels.destination.close();
      channels.policy.close();
    },
  };
}
