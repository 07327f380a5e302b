import { describe, expect, it } from 'vitest';
import { collectGarbage } from './collect-garbage.testing.ts';
import { type CounterSeries, Registry, startExpiry, sweepIdle } from './index.ts';

const IDLE_MS = 600_000;

/** Registries whose time a test moves. */
function createAging() {
  const registry = new Registry();
  let ms = 5000;
  const clock = { now: () => ms, monotonic: () => ms };
  /** As much time goes by, with the sweeps and the collections of garbage that belong to it. */
  const age = async (durationMs: number) => {
    for (let left = durationMs; left > 0; left -= 60_000) {
      ms += Math.min(left, 60_000);
      await sweepIdle([registry], { idleMs: IDLE_MS, clock });
    }
    await collectGarbage();
    await sweepIdle([registry], { idleMs: IDLE_MS, clock });
  };
  return { registry, age };
}

describe('a series that nobody holds', () => {
  it('goes when it has been the same for the idle time, and comes back from 0', async () => {
    const { registry, age } = createAging();
    const family = registry.counter('a', 'A.');
    family.with({ x: '1' }).inc(3);
    await age(IDLE_MS - 120_000);
    family.with({ x: '1' }).inc();
    await age(IDLE_MS - 120_000);
    expect(registry.render()).toContain('a{x="1"} 4');
    await age(300_000);
    expect(registry.render()).toBe('');
    family.with({ x: '1' }).inc();
    expect(registry.render()).toContain('a{x="1"} 1');
  });

  it('goes also as gauge and histogram; a family that is kept for ever keeps it', async () => {
    const { registry, age } = createAging();
    registry.gauge('limit', 'Limit.').with({}).set(3);
    registry.histogram('ms', 'Ms.', [], [1]).with({}).observe(3);
    registry.gauge('info', 'Info.').keepForever().with({}).set(1);
    await age(2 * IDLE_MS);
    expect(registry.render()).toBe('# HELP info Info.\n# TYPE info gauge\ninfo 1\n');
  });
});

describe('a series that is held', () => {
  it('stays however long it is idle, and loses nothing when its holder counts and goes', async () => {
    const { registry, age } = createAging();
    const holder: { bytes?: CounterSeries } = { bytes: registry.counter('bytes', 'B.').with({ x: '1' }) };
    holder.bytes?.inc(5);
    await age(3 * IDLE_MS);
    expect(registry.render()).toContain('bytes{x="1"} 5');
    if (holder.bytes !== undefined) holder.bytes.value += 1000;
    delete holder.bytes;
    await age(IDLE_MS - 120_000);
    expect(registry.render()).toContain('bytes{x="1"} 1005');
    await age(300_000);
    expect(registry.render()).toBe('');
  });

  it('is the same series for who asks anew', async () => {
    const { registry, age } = createAging();
    const family = registry.histogram('ms', 'Ms.', [], [1]);
    const held = family.with({});
    held.observe(1);
    await age(2 * IDLE_MS);
    expect(family.with({})).toBe(held);
    family.with({}).observe(2);
    held.observe(2);
    expect(registry.render()).toContain(
      'ms_bucket{le="1"} 1\nms_bucket{le="+Inf"} 3\nms_sum 5\nms_count 3\n',
    );
  });
});

it('gives the memory of 100,000 label sets back that came and went', async () => {
  const { registry, age } = createAging();
  const family = registry.counter('requests_total', 'Requests.');
  const usedMb = async () => {
    await collectGarbage();
    return process.memoryUsage().heapUsed / 1e6;
  };
  const before = await usedMb();
  for (let i = 0; i < 100_000; i++)
    family.with({ target: `10.0.${i >> 8}.${i & 255}:8080`, pod: `web-${i}` }).inc();
  const full = await usedMb();
  expect(full - before).toBeGreaterThan(15);
  await age(2 * IDLE_MS);
  expect(family.size).toBe(0);
  expect((await usedMb()) - before).toBeLessThan((full - before) / 5);
}, 60_000);

it('startExpiry() sweeps by itself', async () => {
  const registry = new Registry();
  const family = registry.counter('a', 'A.');
  family.with({}).inc();
  const stop = startExpiry([registry], { idleMs: 0 });
  const endMs = performance.now() + 20_000;
  while (family.size > 0 && performance.now() < endMs) {
    await new Promise((resolve) => setTimeout(resolve, 300));
    await collectGarbage();
  }
  stop();
  expect(family.size).toBe(0);
}, 30_000);

describe('a family with as many label sets as it may have', () => {
  it('counts further ones together, by direction, and says so', () => {
    const overflows: string[] = [];
    const registry = new Registry({ maxSeriesPerFamily: 2, onOverflow: (name) => overflows.push(name) });
    const family = registry.counter('a', 'A.');
    for (let i = 0; i < 5; i++) family.with({ direction: i === 4 ? 'outbound' : 'inbound', x: `${i}` }).inc();
    family.with({ y: '1' }).inc();
    family.with({ direction: 'inbound', x: '1' }).inc();
    expect(registry.render().split('\n').slice(2)).toEqual([
      'a{direction="inbound",x="0"} 1',
      'a{direction="inbound",x="1"} 2',
      'a{direction="inbound",overflow="true"} 2',
      'a{direction="outbound",overflow="true"} 1',
      'a{overflow="true"} 1',
      '',
    ]);
    expect(overflows).toEqual(['a', 'a', 'a', 'a']);
  });

  it('has room again when others have expired', async () => {
    const registry = new Registry({ maxSeriesPerFamily: 1 });
    const family = registry.counter('a', 'A.');
    family.with({ x: '0' }).inc();
    let ms = 0;
    for (; ms < 5; ms++) {
      await sweepIdle([registry], { idleMs: 1, clock: { now: () => ms, monotonic: () => ms } });
      await collectGarbage();
    }
    family.with({ x: '1' }).inc();
    expect(registry.render()).toContain('a{x="1"} 1');
  });
});

it('renderSlices() makes a long page in short pieces and the same text as render()', () => {
  const registry = new Registry({ format: 'openmetrics' });
  const bounds = Array.from({ length: 25 }, (_, i) => i + 1);
  const family = registry.histogram('latency_seconds', 'Latency', [], bounds);
  for (let i = 0; i < 2000; i++) family.with({ target: `10.0.0.${i}` }).observe(i % 30);
  const slices = [...registry.renderSlices()];
  expect(slices.join('')).toBe(registry.render());
  expect(slices.length).toBeGreaterThan(20);
  expect(Math.max(...slices.map(({ length }) => length))).toBeLessThan(40_000);
  expect(slices[0]).toContain(
    '# HELP latency_seconds Latency.\n# TYPE latency_seconds histogram\n# UNIT latency_seconds seconds\n',
  );
});
