import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeError } from '#lib/base';
import { startApp } from './app.ts';
import { CORE } from './arena.ts';
import { createCertificates } from './certificates.ts';
import type { Cleanup } from './cleanup.ts';
import { runCommand } from './command.ts';
import type { Config } from './config.ts';
import { type Measured, measure } from './measure.ts';
import { createHaproxyPeer } from './peers/haproxy.ts';
import { createLinkerd2ProxyPeer } from './peers/linkerd2-proxy.ts';
import { createMeshPeer } from './peers/mesh.ts';
import { createNginxPeer } from './peers/nginx.ts';
import type { Peer } from './peers/peer.ts';
import { medianFigures, type PeerName, type Result } from './result.ts';
import { createStage, type Stage } from './stage.ts';
import type { Work } from './works.ts';

interface StagedPeer {
  readonly peer: Peer;
  readonly stage: Stage;
}

export interface BenchmarkOutcome {
  readonly results: readonly Result[];
  /** Why works are not among the results: one sentence each. */
  readonly failures: readonly string[];
}

interface BenchmarkContext {
  readonly cleanup: Cleanup;
  /** Gets a line for each run. */
  readonly report: (line: string) => void;
  /** Aborted when the user wants no more. */
  readonly signal: AbortSignal;
}

/**
 * Runs every work through every pair, peers interleaved, each run with a pair started afresh; answers the medians.
 * A work that fails is left out, and the others go on.
 */
export async function runBenchmark(config: Config, context: BenchmarkContext): Promise<BenchmarkOutcome> {
  // The benchmark itself, and with it all it starts unpinned, keeps off the proxies' core.
  await runCommand('taskset', ['-a', '-c', '-p', String(CORE.load), String(process.pid)]);
  const staged = await stagePeers(config, context.cleanup);
  const results: Result[] = [];
  const failures: string[] = [];
  for (const work of config.works) {
    try {
      results.push(...(await runWork(work, staged, { config, report: context.report })));
    } catch (error) {
      if (context.signal.aborted) throw error;
      failures.push(`${work.name}: ${describeError(error)}`);
      context.report(`${work.name}: FAILED, ${describeError(error)}`);
    }
  }
  return { results, failures };
}

async function stagePeers(config: Config, cleanup: Cleanup): Promise<readonly StagedPeer[]> {
  const root = await mkdtemp(join(tmpdir(), 'l5d-bench-'));
  cleanup.add(root, () => rm(root, { recursive: true, force: true }));
  const certificates = await createCertificates(join(root, 'certificates'));
  const staged: StagedPeer[] = [];
  for (const name of config.peers) {
    const dir = await mkdtemp(join(root, `${name}-`));
    const stage = await createStage(name, { dir, certificates, cleanup });
    await startApp(stage);
    staged.push({ stage, peer: await createPeer(name, stage, config) });
  }
  return staged;
}

async function createPeer(name: PeerName, stage: Stage, config: Config): Promise<Peer> {
  switch (name) {
    case 'nginx':
      return createNginxPeer(stage);
    case 'haproxy':
      return createHaproxyPeer(stage);
    case 'mesh':
      return createMeshPeer(stage);
    case 'linkerd2-proxy':
      return createLinkerd2ProxyPeer(stage, config.linkerd2ProxyBin ?? '');
  }
}

async function runWork(
  work: Work,
  staged: readonly StagedPeer[],
  { config, report }: { config: Config; report: (line: string) => void },
): Promise<Result[]> {
  const measured = new Map<PeerName, Measured[]>(staged.map(({ peer }) => [peer.name, []]));
  for (let run = 1; run <= config.runs; run += 1) {
    for (const { peer, stage } of staged) {
      const { seconds, warmupSeconds } = config;
      const figures = await measure(peer, work, { stage, seconds, warmupSeconds });
      measured.get(peer.name)?.push(figures);
      report(describeRun(`${work.name} ${run}/${config.runs} ${peer.name}`, figures));
    }
  }
  return [...measured].map(([proxy, runs]) => ({ work: work.name, proxy, ...medianFigures(runs) }));
}

/** Others on the proxies' core, kernel threads aside. */
const OTHERS_SHARE_MAX = 0.05;

function describeRun(what: string, figures: Measured): string {
  const percent = Math.round(figures.othersShare * 100);
  const warning =
    figures.othersShare > OTHERS_SHARE_MAX ? ` (not quiet: others had ${percent} % of the core)` : '';
  return `${what}: ${describeFigures(figures)}${warning}`;
}

function describeFigures(figures: Measured): string {
  if (figures.gbps !== null) {
    return `${figures.gbps.toFixed(2)} Gbit/s, ${figures.cpuSecondsPerGb?.toFixed(2)} CPU s/GB`;
  }
  const cpu = `${figures.cpuUsOut?.toFixed(1)} + ${figures.cpuUsIn?.toFixed(1)} µs`;
  return `${figures.rps?.toFixed(0)} rps, p99 ${figures.p99Ms?.toFixed(2)} ms, CPU ${cpu}`;
}
