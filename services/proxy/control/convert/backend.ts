import type { outbound } from '#lib/api';
import type { Backend, LoadConfig } from '../../outbound/client-policy.ts';
import { readDurationMs, readOptionalDurationMs } from './duration.ts';
import { convertEndpoint } from './endpoint.ts';
import { InvalidPolicyError, requireField } from './invalid-policy.ts';
import { convertOutboundMetadata } from './metadata.ts';

/** Source: facts sheet proxy-api, section 10, `Backend`. */
export function convertBackend(backend: outbound.Backend): Backend {
  const queue = requireField(backend.queue, 'the queue of a backend');
  readDurationMs(queue.failfastTimeout, "the queue's failfast timeout");
  return { meta: convertOutboundMetadata(backend.metadata), dispatcher: convertDispatcher(backend.kind) };
}

function convertDispatcher(kind: outbound.Backend['kind']): Backend['dispatcher'] {
  switch (kind.case) {
    case 'forward':
      return {
        kind: 'forward',
        endpoint: requireField(convertEndpoint(kind.value), 'the address of a backend'),
      };
    case 'balancer':
      return {
        kind: 'balancer',
        path: convertPath(kind.value.discovery),
        load: convertLoad(kind.value.load),
      };
    default:
      return { kind: 'fail' };
  }
}

function convertPath(discovery: outbound.Backend_EndpointDiscovery | undefined): string {
  const path = discovery?.kind.value?.path ?? '';
  if (path === '') throw new InvalidPolicyError('the discovery of a backend names no path');
  return path;
}

const DEFAULT_RTT_MS = 30;
const DEFAULT_DECAY_MS = 10_000;

function convertLoad(load: outbound.Backend_BalanceP2c['load']): LoadConfig {
  switch (load.case) {
    case 'peakEwma':
      return {
        defaultRttMs: readDurationMs(load.value.defaultRtt, 'the default RTT of a backend'),
        decayMs: readDurationMs(load.value.decay, 'the decay of a backend'),
      };
    case 'penaltyPeakEwma':
      return {
        defaultRttMs:
          readOptionalDurationMs(load.value.defaultRtt, 'the default RTT of a backend') ?? DEFAULT_RTT_MS,
        decayMs: readOptionalDurationMs(load.value.decay, 'the decay of a backend') ?? DEFAULT_DECAY_MS,
      };
    default:
      throw new InvalidPolicyError('the load of a backend is missing');
  }
}
