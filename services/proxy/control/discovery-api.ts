import type { ServerPolicy } from '../inbound/server-policy.ts';
import type { ClientPolicy } from '../outbound/client-policy.ts';
import type { EndpointsUpdate, Profile } from '../outbound/endpoint.ts';
import type { SocketAddress } from '../transport/address.ts';

/** A watch that runs until it is closed: it reconnects by itself and keeps what it last said (design D11). */
export interface Watch {
  close(): void;
}

/** What the outbound side asks of the control plane. */
export interface OutboundDiscovery {
  /**
   * The profile of `ip:port` (or `name:port`). `undefined` when there is none: the lookup was refused, is out of
   * the profile networks, or failed for good.
   */
  watchProfile(address: SocketAddress, listener: (profile: Profile | undefined) => void): Watch;
  /**
   * The policy of a destination. `undefined` for NOT_FOUND and UNIMPLEMENTED: the caller makes a default one.
   * `error` ends the watch: connections to there are refused with that sentence.
   */
  watchPolicy(
    address: SocketAddress,
    listener: (policy: ClientPolicy | undefined) => void,
    onError: (message: string) => void,
  ): Watch;
  /** False while the destination or the policy service cannot be reached. */
  isConnected(): boolean;
  /** The endpoints of `name.ns.svc.domain:port`. */
  watchEndpoints(path: string, listener: (update: EndpointsUpdate) => void): Watch;
}

/** What the inbound side asks of the control plane. */
export interface InboundDiscovery {
  /** The policy of a port of this pod; called for every change, not before the first answer. */
  watchServer(port: number, listener: (policy: ServerPolicy) => void): Watch;
}
