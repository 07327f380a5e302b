import { describe, expect, it } from 'vitest';
import { judge } from './bounds.ts';
import { readConfig } from './config.ts';
import { checkCounts } from './measure.ts';
import { readCpuUs, readPrivateMb } from './process-usage.ts';
import { type Figures, medianFigures, type PeerName, type Result } from './result.ts';
import { renderResults, renderVerdicts } from './table.ts';

const NONE: Figures = {
  rps: null,
  p50Ms: null,
  p99Ms: null,
  cpuUsOut: null,
  cpuUsIn: null,
  privateMbOut: null,
  privateMbIn: null,
  idleMbOut: null,
  idleMbIn: null,
  gbps: null,
  readyMs: null,
};

function result(work: string, proxy: PeerName, figures: Partial<Figures>): Result {
  return { work, proxy, ...NONE, ...figures };
}

describe('medianFigures', () => {
  it('takes the median of each figure on its own', () => {
    const runs = [
      { ...NONE, rps: 100, p99Ms: 9 },
      { ...NONE, rps: 300, p99Ms: 1 },
      { ...NONE, rps: 110, p99Ms: 2 },
    ];
    expect(medianFigures(runs)).toEqual({ ...NONE, rps: 110, p99Ms: 2 });
  });

  it('takes the middle of two', () => {
    expect(
      medianFigures([
        { ...NONE, gbps: 1 },
        { ...NONE, gbps: 2 },
      ]).gbps,
    ).toBe(1.5);
  });
});

describe('judge', () => {
  const nginx = result('http1-64', 'nginx', { rps: 20_000, cpuUsOut: 20, cpuUsIn: 20 });

  it('compares both proxies of the pair together, in the same work', () => {
    const mesh = result('http1-64', 'mesh', { rps: 29_000, cpuUsOut: 12, cpuUsIn: 14 });
    expect(judge([mesh, nginx])).toEqual([
      { text: 'http1-64 CPU / nginx <= 0.65', value: 0.65, kept: true },
      { text: 'http1-64 RPS / nginx >= 1.5', value: 1.45, kept: false },
    ]);
  });

  it('takes the larger proxy for memory', () => {
    const mesh = result('http1-256', 'mesh', {
      privateMbOut: 70,
      privateMbIn: 81,
      idleMbOut: 30,
      idleMbIn: 35,
    });
    expect(judge([mesh]).map(({ value, kept }) => [value, kept])).toEqual([
      [35, true],
      [81, false],
    ]);
  });

  it('says nothing of what was not run', () => {
    expect(judge([nginx])).toEqual([]);
  });
});

describe('the tables', () => {
  it('set the ratios beside the mesh', () => {
    const results = [
      result('http1-64', 'mesh', { rps: 30_000, cpuUsOut: 10, cpuUsIn: 10 }),
      result('http1-64', 'nginx', { rps: 20_000, cpuUsOut: 20, cpuUsIn: 20 }),
    ];
    const [, mesh, nginx] = renderResults(results).split('\n');
    expect(mesh).toMatch(/^http1-64 +mesh +30000 .* 1\.50× +0\.50×$/);
    expect(nginx).not.toContain('×');
  });

  it('say which bound is missed', () => {
    expect(renderVerdicts([{ text: 'x <= 1', value: 2, kept: false }])).toMatch(/x <= 1 +2\.00 +MISS\n$/);
    expect(renderVerdicts([])).toBe('');
  });
});

describe('checkCounts', () => {
  const report = { requests: 1000, failed: 0, rps: 1, p50Ms: 1, p99Ms: 1, gbps: null, bytes: 0 };

  it('lets requests be under way at the end, and no more', () => {
    expect(() => checkCounts({ out: 1064, in: 1000 }, report, { inFlightMax: 64 })).not.toThrow();
    expect(() => checkCounts({ out: 1065, in: 1000 }, report, { inFlightMax: 64 })).toThrow(
      'the outbound proxy counted 1065 requests, but 1000 requests were answered and at most 64 more were under way',
    );
  });

  it('misses none', () => {
    expect(() => checkCounts({ out: 1000, in: 999 }, report, { inFlightMax: 64 })).toThrow(
      'inbound proxy counted 999',
    );
  });
});

describe('readConfig', () => {
  it('runs everything by default, linkerd2-proxy only when there is one', () => {
    expect(readConfig({})).toMatchObject({ seconds: 8, runs: 3, peers: ['mesh', 'nginx', 'haproxy'] });
    expect(readConfig({}).works).toHaveLength(8);
    expect(readConfig({ LINKERD2_PROXY_BIN: '/x' }).peers).toContain('linkerd2-proxy');
  });

  it('picks works and peers', () => {
    const config = readConfig({ ONLY: 'tcp-bulk, http1-1', PEERS: 'nginx', BENCH_SECONDS: '1' });
    expect(config.works.map((work) => work.name)).toEqual(['http1-1', 'tcp-bulk']);
    expect(config).toMatchObject({ peers: ['nginx'], seconds: 1 });
  });

  it.each([
    [{ BENCH_SECONDS: '0' }, 'variable BENCH_SECONDS has "0"; set it to a whole number from 1 on'],
    [{ ONLY: 'http3' }, 'variable ONLY has "http3"; set it to some of http1-1, '],
    [
      { PEERS: 'linkerd2-proxy' },
      'variable PEERS has "linkerd2-proxy"; set it to some of mesh, nginx, haproxy',
    ],
  ])('refuses %j', (env, sentence) => {
    expect(() => readConfig(env)).toThrow(sentence);
  });
});

describe('process usage', () => {
  it('reads the CPU time and the private memory of a process', async () => {
    const cpuBefore = process.cpuUsage();
    const usedUs = (): number => {
      const { user, system } = process.cpuUsage(cpuBefore);
      return user + system;
    };
    const before = await readCpuUs(process.pid);
    while (usedUs() < 200_000) Math.sqrt(usedUs());
    const readUs = (await readCpuUs(process.pid)) - before;
    expect(readUs).toBeGreaterThan(150_000);
    expect(readUs).toBeLessThan(usedUs() * 1.2);
    expect(await readPrivateMb(process.pid)).toBeGreaterThan(10);
  });

  it('has nothing to say of a process that has ended', async () => {
    expect(await readCpuUs(2 ** 22 + 1)).toBe(0);
  });
});
