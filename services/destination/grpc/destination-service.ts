import type { destination } from '#lib/api';
import { GrpcError, GrpcStatus, type ServerStream, type ServiceImplementation } from '#lib/grpc';
import type { Logger } from '#lib/telemetry';
import type { EndpointWatches } from '../cluster/endpoint-watches.ts';
import type { ProfileWatches } from '../cluster/profile-watches.ts';
import { parseGetTarget, parseProfileTarget } from '../core/authority.ts';
import { type ClientContext, emptyContext, parseContextToken } from '../core/context-token.ts';
import type { Http2ClientParams } from '../core/http2-params.ts';
import { LookupError } from '../errors.ts';
import type { DestinationMetrics } from '../metrics.ts';
import { createBoundedSender } from './bounded-stream.ts';
import { createUpdateTranslator } from './endpoint-updates.ts';
import { toDestinationProfile } from './profile-message.ts';
import { toHttp2Params } from './weighted-address.ts';

export interface DestinationServiceOptions {
  readonly endpoints: EndpointWatches;
  readonly profiles: ProfileWatches;
  readonly clusterDomain: string;
  readonly http2Params: Http2ClientParams;
  /** Messages that may wait for one client. */
  readonly streamQueueCapacity: number;
  readonly metrics: DestinationMetrics;
  readonly log: Logger;
}

type Request = destination.GetDestination;

/** The gRPC service `io.linkerd.proxy.destination.Destination`. */
export function createDestinationService(
  options: DestinationServiceOptions,
): ServiceImplementation<typeof destination.Destination> {
  const { clusterDomain, endpoints, profiles, metrics, log } = options;
  const capacity = options.streamQueueCapacity;
  const http2 = toHttp2Params(options.http2Params);
  const translateUpdate = createUpdateTranslator(http2);

  function get(request: Request, stream: ServerStream<destination.Update>): void {
    const target = parseGetTarget(request.path, clusterDomain);
    const { nodeName } = readContext(request, log);
    const onOverflow = () => metrics.countEndpointsOverflow(request.path);
    const send = createBoundedSender(stream, { capacity, onOverflow });
    const stop = endpoints.watch(target, nodeName, (update) => {
      for (const message of translateUpdate(update)) send(message);
    });
    stream.onClose(stop);
  }

  function getProfile(request: Request, stream: ServerStream<destination.DestinationProfile>): void {
    const target = parseProfileTarget(request.path, clusterDomain);
    const onOverflow = () => metrics.countProfileOverflow(target);
    const send = createBoundedSender(stream, { capacity, onOverflow });
    const stop = profiles.watch(target, readContext(request, log), (profile) => {
      send(toDestinationProfile(profile, http2));
    });
    stream.onClose(stop);
  }

  return {
    get: (request, stream) => answerErrors(() => get(request, stream)),
    getProfile: (request, stream) => answerErrors(() => getProfile(request, stream)),
  };
}

function readContext(request: Request, log: Logger): ClientContext {
  const context = parseContextToken(request.contextToken);
  if (context === undefined) log.warn('context token not understood', { token: request.contextToken });
  return context ?? emptyContext();
}

function answerErrors(answer: () => void): void {
  try {
    answer();
  } catch (error) {
    if (!(error instanceof LookupError)) throw error;
    throw new GrpcError(GrpcStatus[error.status], error.message, { cause: error });
  }
}
