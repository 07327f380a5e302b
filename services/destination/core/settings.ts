import type { PortSet } from '#lib/resources';

/** What the answers depend on beside the cluster's state. */
export interface DestinationSettings {
  readonly controllerNamespace: string;
  /** Empty: no endpoint gets an identity. */
  readonly trustDomain: string;
  readonly clusterDomain: string;
  readonly defaultOpaquePorts: PortSet;
  /** Meshed peers are hinted to take HTTP/2, and HTTP/1 carried by it. */
  readonly enableH2Upgrade: boolean;
  readonly enableIpv6: boolean;
  /** Every meshed peer is spoken to through its proxy's inbound port (`transport-header` mode). */
  readonly forceOpaqueTransport: boolean;
  /** Endpoints in the client's zone weigh ten times as much. */
  readonly zoneWeights: boolean;
}
