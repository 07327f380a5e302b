import { create, inbound, type MessageShape, outbound, toTcpAddress } from '#lib/api';
import { describeError, type Millis } from '#lib/base';
import type { Logger } from '#lib/telemetry';
import type { ServerPolicy } from '../inbound/server-policy.ts';
import type { ClientPolicy } from '../outbound/client-policy.ts';
import { formatAddress, type SocketAddress } from '../transport/address.ts';
import { convertClientPolicy, createInvalidClientPolicy } from './convert/client-policy.ts';
import { convertServerPolicy, createInvalidServerPolicy } from './convert/server-policy.ts';
import { commonWatchOptions, isRefusal, type WatchClientOptions } from './destination-client.ts';
import type { InboundDiscovery, Watch } from './discovery-api.ts';
import type { GrpcOutcome } from './grpc-outcome.ts';
import { GRPC_STATUS } from './grpc-status.ts';
import { WatchStream } from './watch/watch-stream.ts';

export interface PolicyClientOptions extends WatchClientOptions {
  /** Sent as it is with every call. */
  readonly workload: string;
  /** Of the policy that stands in for one that cannot be used. */
  readonly detectTimeoutMs: Millis;
  readonly log: Logger;
}

export interface PolicyClient extends InboundDiscovery {
  watchPolicy(
    address: SocketAddress,
    listener: (policy: ClientPolicy | undefined) => void,
    onError: (message: string) => void,
  ): Watch;
}

/** NOT_FOUND and UNIMPLEMENTED: there is no policy, and the caller makes a default one. */
function isAbsence({ code }: GrpcOutcome): boolean {
  return code === GRPC_STATUS.notFound || code === GRPC_STATUS.unimplemented;
}

export function createPolicyClient(options: PolicyClientOptions): PolicyClient {
  const { channel, workload, log } = options;
  const { watch } = outbound.OutboundPolicies.method;
  const { watchPort } = inbound.InboundServerPolicies.method;
  const readClientPolicy = (message: outbound.OutboundPolicy): ClientPolicy => {
    try {
      return convertClientPolicy(message);
    } catch (error) {
      log.error('invalid client policy configuration', { error: describeError(error) });
      return createInvalidClientPolicy();
    }
  };
  const readServerPolicy = (message: inbound.Server, port: number): ServerPolicy => {
    try {
      return convertServerPolicy(message);
    } catch (error) {
      log.error('invalid server policy configuration', { port, error: describeError(error) });
      return createInvalidServerPolicy(options.detectTimeoutMs);
    }
  };
  return {
    watchPolicy(address, listener, onError) {
      const target = createTarget(address);
      const request = create(outbound.TrafficSpecSchema, { sourceWorkload: workload, target });
      return new WatchStream<MessageShape<typeof watch.output>>({
        ...commonWatchOptions(options),
        start: (handlers) => channel.call(watch, request, handlers),
        onMessage: (message) => listener(readClientPolicy(message)),
        isFinal: (end) => isAbsence(end) || isRefusal(end),
        onFinal(end) {
          if (isAbsence(end)) listener(undefined);
          else onError(`the policy of ${formatAddress(address)} was refused: ${end.message}`);
        },
      });
    },
    watchServer(port, listener) {
      const request = create(inbound.PortSpecSchema, { workload, port });
      return new WatchStream<MessageShape<typeof watchPort.output>>({
        ...commonWatchOptions(options),
        start: (handlers) => channel.call(watchPort, request, handlers),
        onMessage: (message) => listener(readServerPolicy(message, port)),
        isFinal: isRefusal,
      });
    },
  };
}

function createTarget(address: SocketAddress) {
  const ip = toTcpAddress(address);
  return ip === undefined
    ? ({ case: 'authority', value: formatAddress(address) } as const)
    : ({ case: 'addr', value: ip } as const);
}
