/**
 * What choosing an endpoint costs: `node test/bench/micro/balancer.ts`. Target on the reference machine: a choice with
 * the latency of its answer counted ≤ 250 ns, whatever the number of endpoints; an update of one in 1000 ≤ 0.2 ms.
 */
import { seededRandom, systemClock } from '../../../services/lib/base/index.ts';
import { BalancerSeries } from '../../../services/proxy/metrics/balancer-series.ts';
import { createFamilies } from '../../../services/proxy/metrics/families.ts';
import {
  type BalancedEndpoint,
  Balancer,
  type Waiting,
} from '../../../services/proxy/outbound/balance/balancer.ts';
import { PeakEwma } from '../../../services/proxy/outbound/balance/peak-ewma.ts';
import { bareEndpoint } from '../../../services/proxy/outbound/default-policy.ts';
import type { Endpoint } from '../../../services/proxy/outbound/endpoint.ts';
import { measure } from './stopwatch.ts';

const COUNT = 1_000_000;
const LOAD = { defaultRttMs: 30, decayMs: 10_000 };

/** Ready at once; its load is that of the proxy. */
class ReadyEndpoint implements BalancedEndpoint {
  readonly endpoint: Endpoint;
  readonly readiness = 'ready';
  readonly isLazy = false;
  readonly ewma = new PeakEwma(LOAD, systemClock.monotonic());
  constructor(endpoint: Endpoint) {
    this.endpoint = endpoint;
  }
  load(nowMs: number): number {
    return this.ewma.load(nowMs);
  }
  activate(): void {}
  drain(): void {}
}

const endpointOf = (i: number) => bareEndpoint({ host: `10.0.${i >> 8}.${i & 255}`, port: 80 });

function createBalancer(size: number): Balancer<ReadyEndpoint> {
  const balancer = new Balancer<ReadyEndpoint>({
    config: { queueCapacity: 10, failfastTimeoutMs: 3000, backoff: { minMs: 1, maxMs: 1, jitter: 0 } },
    clock: systemClock,
    random: seededRandom(1),
    series: new BalancerSeries(createFamilies().httpBalancer, { backend_name: 'web' }),
    createEndpoint: (endpoint) => new ReadyEndpoint(endpoint),
  });
  balancer.update({ kind: 'reset', endpoints: Array.from({ length: size }, (_, i) => endpointOf(i)) });
  return balancer;
}

/** Answered as soon as it is sent. */
const request: Waiting<ReadyEndpoint> = {
  isCancelled: false,
  dispatch({ ewma }) {
    const nowMs = systemClock.monotonic();
    ewma.observe(1, nowMs);
  },
  failFast() {},
  shed() {},
};

for (const size of [2, 10, 1000]) {
  const balancer = createBalancer(size);
  measure(`a choice among ${size} endpoints`, COUNT, () => balancer.dispatch(request));
  measure(`one of ${size} comes and goes`, size < 1000 ? 20_000 : 500, (i) => {
    const endpoint = endpointOf(size + (i & 1023));
    balancer.update({ kind: 'add', endpoints: [endpoint] });
    balancer.update({ kind: 'remove', addresses: [endpoint.address] });
  });
}
