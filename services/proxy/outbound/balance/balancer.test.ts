import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { seededRandom } from '#lib/base';
import { BalancerSeries } from '../../metrics/balancer-series.ts';
import { createFamilies, type Families } from '../../metrics/families.ts';
import { endpointAt, TestClock, totalOf } from '../dispatch.testing.ts';
import type { Endpoint } from '../endpoint.ts';
import { type BalancedEndpoint, Balancer, type Waiting } from './balancer.ts';
import { pickOfTwo } from './p2c.ts';
import { PeakEwma } from './peak-ewma.ts';
import type { Readiness } from './readiness.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

class FakeEndpoint implements BalancedEndpoint {
  readonly endpoint: Endpoint;
  readiness: Readiness = 'idle';
  isLazy = false;
  failure: string | undefined;
  activations = 0;
  isReadyAtOnce = false;
  cost = 1;
  readonly #onReadiness: () => void;

  constructor(endpoint: Endpoint, onReadiness: () => void) {
    this.endpoint = endpoint;
    this.#onReadiness = onReadiness;
  }
  load(): number {
    return this.cost;
  }
  activate(): void {
    this.activations++;
    if (this.readiness === 'idle') this.become(this.isReadyAtOnce ? 'ready' : 'connecting');
  }
  become(readiness: Readiness): void {
    this.readiness = readiness;
    this.#onReadiness();
  }
  drain(): void {
    this.readiness = 'draining';
  }
}

class Request implements Waiting<FakeEndpoint> {
  isCancelled = false;
  took: string | undefined;
  failed: string | undefined;
  times = 0;
  dispatch(endpoint: FakeEndpoint): void {
    this.took = endpoint.endpoint.address.host;
    this.times++;
  }
  failFast(reason: string | undefined): void {
    this.failed = reason ?? 'fail-fast';
    this.times++;
  }
  shed(reason: string | undefined): void {
    this.failed = reason ?? 'shed';
    this.times++;
  }
}

function createBalancer(changes: { queueCapacity?: number; isReadyAtOnce?: boolean } = {}) {
  const clock = new TestClock();
  const families: Families = createFamilies();
  const made: FakeEndpoint[] = [];
  const balancer = new Balancer<FakeEndpoint>({
    config: {
      queueCapacity: 100,
      failfastTimeoutMs: 3000,
      backoff: { minMs: 100, maxMs: 1000, jitter: 0 },
      ...changes,
    },
    clock,
    random: seededRandom(1),
    series: new BalancerSeries(families.httpBalancer, { backend_name: 'web' }),
    createEndpoint(endpoint, onReadiness) {
      const created = new FakeEndpoint(endpoint, onReadiness);
      created.isReadyAtOnce = changes.isReadyAtOnce ?? false;
      made.push(created);
      return created;
    },
  });
  const send = () => {
    const request = new Request();
    balancer.dispatch(request);
    return request;
  };
  const metric = (suffix: string) => totalOf(families, `outbound_http_balancer_${suffix}`);
  const reset = (...hosts: string[]) =>
    balancer.update({ kind: 'reset', endpoints: hosts.map((host) => endpointAt(host)) });
  const at = (host: string) => made.findLast(({ endpoint }) => endpoint.address.host === host)!;
  return { balancer, clock, made, send, metric, reset, at };
}

describe('Balancer', () => {
  it('queues while nothing is ready and sends in order when something is', () => {
    const { clock, send, metric, reset, at } = createBalancer();
    const [first, second] = [send(), send()];
    reset('10.0.0.1');
    expect(metric('queue_length')).toBe(2);
    clock.ms += 40;
    at('10.0.0.1').become('ready');
    expect([first.took, second.took]).toEqual(['10.0.0.1', '10.0.0.1']);
    expect(send().took).toBe('10.0.0.1');
    expect(metric('queue_length')).toBe(0);
    expect(metric('queue_requests_total')).toBe(3);
    expect(metric('queue_latency_seconds_count')).toBe(2);
    expect(metric('queue_latency_seconds_sum')).toBeCloseTo(0.08);
    expect(metric('queue_gate_open_total')).toBe(1);
  });

  it('shuts the gate when nothing was ready in time: what waits fails and what comes is shed, until something is ready', () => {
    const { clock, send, metric, reset, at } = createBalancer();
    reset('10.0.0.1');
    const waiting = send();
    vi.advanceTimersByTime(2999);
    expect(waiting.times).toBe(0);
    vi.advanceTimersByTime(1);
    expect(waiting.failed).toBe('fail-fast');
    expect(send().failed).toBe('shed');
    expect(metric('queue_gate_shut_total')).toBe(1);
    expect(metric('queue_gate_shut_time_seconds')).toBe(clock.ms / 1000);
    expect(metric('queue_gate_timeout_seconds')).toBe(3);
    at('10.0.0.1').become('ready');
    expect(send().took).toBe('10.0.0.1');
    expect(waiting.times).toBe(1);
    at('10.0.0.1').become('backoff');
    const later = send();
    expect(later.times).toBe(0);
    vi.advanceTimersByTime(3000);
    expect(later.failed).toBe('fail-fast');
    expect(metric('queue_gate_shut_total')).toBe(2);
  });

  it('says why, where an endpoint could not be connected to', () => {
    const { send, reset, at } = createBalancer();
    reset('10.0.0.1');
    at('10.0.0.1').failure = 'connect ECONNREFUSED';
    const waiting = send();
    vi.advanceTimersByTime(3000);
    expect(waiting.failed).toBe('endpoint 10.0.0.1:80: connect ECONNREFUSED');
  });

  it('refuses what is above the capacity of its queue', () => {
    const { send } = createBalancer({ queueCapacity: 2 });
    const requests = [send(), send(), send()];
    expect(requests.map(({ failed }) => failed)).toEqual([undefined, undefined, 'shed']);
  });

  it('drops requests whose client has gone, without a word', () => {
    const { send, reset, at } = createBalancer();
    const [gone, here] = [send(), send()];
    gone.isCancelled = true;
    reset('10.0.0.1');
    at('10.0.0.1').become('ready');
    expect([gone.times, here.times]).toEqual([0, 1]);
    at('10.0.0.1').become('backoff');
    const late = send();
    late.isCancelled = true;
    vi.advanceTimersByTime(3000);
    expect(late.times).toBe(0);
  });

  it('keeps unchanged endpoints, rebuilds changed ones and drains removed ones', () => {
    const { balancer, made, metric, reset, at } = createBalancer();
    balancer.activate();
    reset('10.0.0.1', '10.0.0.2');
    const [one, two] = [at('10.0.0.1'), at('10.0.0.2')];
    for (const endpoint of made) endpoint.become('ready');
    balancer.update({
      kind: 'reset',
      endpoints: [endpointAt('10.0.0.1'), endpointAt('10.0.0.2', { hint: 'h2' })],
    });
    expect(at('10.0.0.1')).toBe(one);
    expect(at('10.0.0.2')).not.toBe(two);
    expect(two.readiness).toBe('draining');
    balancer.update({ kind: 'add', endpoints: [endpointAt('10.0.0.3')] });
    balancer.update({
      kind: 'remove',
      addresses: [
        { host: '10.0.0.1', port: 80 },
        { host: '10.0.0.9', port: 80 },
      ],
    });
    expect(one.readiness).toBe('draining');
    expect(made.map(({ activations }) => activations)).toEqual([1, 1, 1, 1]);
    expect(metric('p2c_endpoints')).toBe(2);
    expect(metric('p2c_updates_total')).toBe(4);
    reset();
    expect(made.every(({ readiness }) => readiness === 'draining')).toBe(true);
    expect(metric('p2c_endpoints')).toBe(0);
  });

  it('connects to nothing before something is sent: the app may speak another version', () => {
    const { balancer, made, send, reset } = createBalancer({ isReadyAtOnce: true });
    reset('10.0.0.1', '10.0.0.2');
    expect(made.map(({ activations }) => activations)).toEqual([0, 0]);
    expect(send().took).toBeDefined();
    balancer.update({ kind: 'add', endpoints: [endpointAt('10.0.0.3')] });
    expect(made.map(({ activations }) => activations)).toEqual([1, 1, 1]);
  });

  it('counts ready and pending endpoints', () => {
    const { balancer, reset, at } = createBalancer();
    reset('10.0.0.1', '10.0.0.2');
    at('10.0.0.1').become('ready');
    expect(balancer.readyCount).toBe(1);
    expect(balancer.isReadyBeside(at('10.0.0.1'))).toBe(false);
    expect(balancer.isReadyBeside(at('10.0.0.2'))).toBe(true);
  });

  it('tries a lazy endpoint in backoff only while nothing better is there', () => {
    const { made, send, reset, at } = createBalancer();
    reset('10.0.0.1', '10.0.0.2');
    for (const endpoint of made) endpoint.isLazy = true;
    at('10.0.0.1').become('backoff');
    expect(send().took).toBe('10.0.0.1');
    at('10.0.0.2').become('ready');
    for (let i = 0; i < 20; i++) expect(send().took).toBe('10.0.0.2');
  });

  it('close() lets what waits be served, then drains, and sheds what comes', () => {
    const { balancer, send, reset, at } = createBalancer();
    const waiting = send();
    let isClosed = false;
    balancer.close(() => {
      isClosed = true;
    });
    expect([waiting.times, isClosed]).toEqual([0, false]);
    reset('10.0.0.1');
    at('10.0.0.1').become('ready');
    expect([waiting.took, isClosed]).toEqual(['10.0.0.1', true]);
    expect(at('10.0.0.1').readiness).toBe('draining');
    expect(send().failed).toBe('shed');
    vi.advanceTimersByTime(10_000);
    expect(waiting.times).toBe(1);
  });

  it('close() waits no longer than the fail-fast timeout, and not at all for nobody', () => {
    const { balancer, send, metric } = createBalancer();
    const waiting = send();
    const closed: string[] = [];
    balancer.close(() => closed.push('late'));
    vi.advanceTimersByTime(2999);
    expect([waiting.times, closed]).toEqual([0, []]);
    vi.advanceTimersByTime(1);
    expect([waiting.times, closed]).toEqual([1, ['late']]);
    expect(metric('queue_length')).toBe(0);
    createBalancer().balancer.close(() => closed.push('at once'));
    expect(closed).toEqual(['late', 'at once']);
  });

  it('takes a large update whose endpoints are all ready at once in little time', () => {
    const { balancer, made, send } = createBalancer({ isReadyAtOnce: true });
    const endpoints = Array.from({ length: 2000 }, (_, i) => endpointAt(`10.0.${i >> 8}.${i & 255}`));
    const startMs = performance.now();
    balancer.update({ kind: 'reset', endpoints });
    balancer.activate();
    expect(made).toHaveLength(2000);
    expect(balancer.readyCount).toBe(2000);
    expect(performance.now() - startMs).toBeLessThan(500);
    expect(send().took).toBeDefined();
  });
});

describe('pickOfTwo', () => {
  const loaded = (loads: readonly number[]) => loads.map((load, index) => ({ index, load: () => load }));

  it('has nothing to pick of none, and no choice of one', () => {
    expect(pickOfTwo([], 0, seededRandom(1))).toBeUndefined();
    expect(pickOfTwo(loaded([5]), 0, seededRandom(1))?.index).toBe(0);
  });

  it('never takes the worst of two, and spreads equals evenly', () => {
    const random = seededRandom(3);
    for (let i = 0; i < 50; i++) expect(pickOfTwo(loaded([2, 1]), 0, random)?.index).toBe(1);
    const counts = [0, 0, 0, 0];
    const equals = loaded([1, 1, 1, 1]);
    for (let i = 0; i < 8000; i++) counts[pickOfTwo(equals, 0, random)!.index]!++;
    for (const count of counts) expect(count).toBeGreaterThan(1800);
  });

  it('takes the least loaded of four half the time, the most loaded never', () => {
    const random = seededRandom(5);
    const counts = [0, 0, 0, 0];
    const candidates = loaded([1, 2, 3, 4]);
    for (let i = 0; i < 8000; i++) counts[pickOfTwo(candidates, 0, random)!.index]!++;
    // 3 of the 6 pairs hold the first, 2 of the rest the second, 1 the third.
    expect(counts[0]! / 8000).toBeCloseTo(1 / 2, 1);
    expect(counts[1]! / 8000).toBeCloseTo(1 / 3, 1);
    expect(counts[2]! / 8000).toBeCloseTo(1 / 6, 1);
    expect(counts[3]).toBe(0);
  });
});

describe('PeakEwma', () => {
  const create = () => new PeakEwma({ defaultRttMs: 30, decayMs: 10_000 }, 0);

  it('starts with the default round trip, at least a millisecond', () => {
    expect(create().load(0)).toBe(30);
    expect(new PeakEwma({ defaultRttMs: 0, decayMs: 10_000 }, 0).load(0)).toBe(1);
  });

  it('multiplies by what is in flight', () => {
    const ewma = create();
    ewma.inFlight = 3;
    expect(ewma.load(0)).toBe(120);
  });

  it('jumps to a higher sample and decays towards a lower one', () => {
    const ewma = create();
    ewma.observe(200, 1000);
    expect(ewma.load(1000)).toBe(200);
    ewma.observe(10, 11_000);
    const weight = Math.exp(-1);
    expect(ewma.load(11_000)).toBeCloseTo(200 * weight + 10 * (1 - weight), 9);
  });

  it('falls towards nothing while idle', () => {
    const ewma = create();
    expect(ewma.load(10_000)).toBeCloseTo(30 / Math.E, 9);
    expect(ewma.load(200_000)).toBeLessThan(0.001);
  });
});
