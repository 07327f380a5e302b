import { BlockList, isIP } from 'node:net';
import { create, destination, type MessageShape } from '#lib/api';
import { type Random, systemRandom } from '#lib/base';
import type { Suffixes } from '../config.ts';
import type { EndpointsUpdate, Profile } from '../outbound/endpoint.ts';
import { formatAddress, type SocketAddress } from '../transport/address.ts';
import type { ControlChannel } from './channel.ts';
import { convertEndpointsUpdate } from './convert/endpoints-update.ts';
import { convertProfile } from './convert/profile.ts';
import type { Watch } from './discovery-api.ts';
import type { DiscoveryStatus } from './discovery-status.ts';
import type { GrpcOutcome } from './grpc-outcome.ts';
import { GRPC_STATUS } from './grpc-status.ts';
import type { StreamLimits } from './watch/stream-limits.ts';
import { WatchStream, type WatchStreamOptions } from './watch/watch-stream.ts';

/** What the clients of the watching services have in common. */
export interface WatchClientOptions {
  readonly channel: ControlChannel;
  readonly status: DiscoveryStatus;
  /** Not applied to loopback. */
  readonly limits: StreamLimits;
  readonly random?: Random;
}

export interface DestinationClientOptions extends WatchClientOptions {
  /** Sent as it is with every call. */
  readonly contextToken: string;
  /** Only addresses within have a profile. */
  readonly profileNetworks: readonly string[];
  /** Only names that end so have one. */
  readonly profileSuffixes: Suffixes;
}

export interface DestinationClient {
  watchProfile(address: SocketAddress, listener: (profile: Profile | undefined) => void): Watch;
  watchEndpoints(path: string, listener: (update: EndpointsUpdate) => void): Watch;
}

/** A refusal: asking again would bring the same. Source: facts sheet proxy-api, section 8. */
export function isRefusal({ code }: GrpcOutcome): boolean {
  return code === GRPC_STATUS.invalidArgument || code === GRPC_STATUS.failedPrecondition;
}

/** The options that every watch over a channel shares. */
export function commonWatchOptions(
  options: WatchClientOptions,
): Pick<WatchStreamOptions<unknown>, 'limits' | 'backoff' | 'random' | 'status' | 'onReachable'> {
  const { channel, random = systemRandom } = options;
  return {
    limits: channel.isLoopback ? {} : options.limits,
    backoff: channel.backoff,
    random,
    status: options.status.add(),
    onReachable: (listener) => channel.onReachable(listener),
  };
}

export function createDestinationClient(options: DestinationClientOptions): DestinationClient {
  const { channel, contextToken } = options;
  const { get, getProfile } = destination.Destination.method;
  const networks = createNetworks(options.profileNetworks);
  const createRequest = (path: string) => create(destination.GetDestinationSchema, { path, contextToken });
  return {
    watchProfile(address, listener) {
      if (!networks.has(address.host) && !options.profileSuffixes.hasName(address.host)) {
        return answerNone(listener);
      }
      const request = createRequest(formatAddress(address));
      return new WatchStream<MessageShape<typeof getProfile.output>>({
        ...commonWatchOptions(options),
        start: (handlers) => channel.call(getProfile, request, handlers),
        onMessage: (profile) => listener(convertProfile(profile)),
        isFinal: isRefusal,
        onFinal: () => listener(undefined),
        // A name may be made up by a client; an address is one that somebody listens on.
        onRetry: ({ code }) => {
          if (code === GRPC_STATUS.notFound && isIP(address.host) === 0) listener(undefined);
        },
      });
    },
    watchEndpoints(path, listener) {
      const request = createRequest(path);
      let isFirst = true;
      const common = commonWatchOptions(options);
      // A Service without endpoints is answered with silence (facts sheet control-plane): no fault of discovery, and a
      // call that is made again and again would miss the first endpoint in its pauses.
      const { initialMs: _, ...limits } = common.limits;
      return new WatchStream<MessageShape<typeof get.output>>({
        ...common,
        limits,
        start: (handlers) => channel.call(get, request, handlers),
        onStream() {
          isFirst = true;
        },
        onMessage(message) {
          const update = convertEndpointsUpdate(message, isFirst);
          if (update === undefined) return;
          isFirst = false;
          listener(update);
        },
        isFinal: isRefusal,
      });
    },
  };
}

/** Answers without a call, in another turn: callers have their watch by then, as with every other answer. */
function answerNone(listener: (profile: undefined) => void): Watch {
  const timer = setImmediate(() => listener(undefined));
  return { close: () => clearImmediate(timer) };
}

interface Networks {
  /** A name is in none. */
  has(host: string): boolean;
}

function createNetworks(networks: readonly string[]): Networks {
  const list = new BlockList();
  for (const network of networks) {
    const [base = '', prefix] = network.split('/');
    list.addSubnet(base, Number(prefix), isIP(base) === 6 ? 'ipv6' : 'ipv4');
  }
  return {
    has(host) {
      const family = isIP(host);
      return family !== 0 && list.check(host, family === 6 ? 'ipv6' : 'ipv4');
    },
  };
}
