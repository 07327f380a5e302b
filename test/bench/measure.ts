import { setTimeout as sleep } from 'node:timers/promises';
import { MeshError } from '#lib/base';
import { CORE } from './arena.ts';
import type { LoadReport } from './load/load.ts';
import { runLoad } from './load/run-load.ts';
import type { Peer, RequestCounts, RunningPair } from './peers/peer.ts';
import { readCoreBusyUs, readCpuUs, readPrivateMb } from './process-usage.ts';
import { monotonicMs } from './program.ts';
import type { Figures } from './result.ts';
import type { Stage } from './stage.ts';
import type { Work } from './works.ts';

export interface MeasureOptions {
  readonly stage: Stage;
  readonly seconds: number;
  readonly warmupSeconds: number;
}

/** What a run measures beyond the figures of the issue. */
export interface Measured extends Figures {
  /** CPU seconds of both proxies per 1e9 bytes; null for HTTP. */
  readonly cpuSecondsPerGb: number | null;
  /** How much of the proxies' core others had during the run, from 0 to 1: figures are off when it is not near 0. */
  readonly othersShare: number;
}

interface PairUsage {
  readonly out: number;
  readonly in: number;
}

/** Before this the memory of a fresh process still moves. */
const SETTLE_MS = 1_000;
/** Under load means: so far into the measured run. */
const MEMORY_SAMPLE_AT = 0.9;
/** Requests that a load generator gave up at its end may reach the app a little later. */
const DRAIN_MS = 300;

/** Starts a pair fresh, loads it, and stops it. Rejects if requests fail or the proxies' counters do not agree. */
export async function measure(peer: Peer, work: Work, options: MeasureOptions): Promise<Measured> {
  const pair = await peer.start(work);
  try {
    await sleep(SETTLE_MS);
    const idleMb = await readPair(pair, readPrivateMb);
    if (options.warmupSeconds > 0) await load(pair, work, { ...options, seconds: options.warmupSeconds });
    return await measureLoaded(pair, work, { ...options, idleMb });
  } catch (error) {
    const said = pair.describe();
    if (said !== '') process.stderr.write(`${peer.name} said: ${said}\n`);
    throw error;
  } finally {
    await pair.stop();
  }
}

async function measureLoaded(
  pair: RunningPair,
  work: Work,
  options: MeasureOptions & { idleMb: PairUsage },
): Promise<Measured> {
  const countsBefore = await pair.countRequests?.();
  const cpuBefore = await readPair(pair, readCpuUs);
  const coreBefore = await readCore();
  const loading = load(pair, work, options);
  const sampling = sampleMemory(pair, options.seconds);
  const [report, privateMb] = await Promise.all([loading, sampling]);
  const cpuAfter = await readPair(pair, readCpuUs);
  const coreAfter = await readCore();
  await sleep(DRAIN_MS);
  const countsAfter = await pair.countRequests?.();
  checkReport(report, work);
  if (countsBefore !== undefined && countsAfter !== undefined && work.kind !== 'tcp') {
    checkCounts({ out: countsAfter.out - countsBefore.out, in: countsAfter.in - countsBefore.in }, report, {
      inFlightMax: work.connections * work.streams,
    });
  }
  const cpuUs = { out: cpuAfter.out - cpuBefore.out, in: cpuAfter.in - cpuBefore.in };
  const othersUs = coreAfter.busyUs - coreBefore.busyUs - cpuUs.out - cpuUs.in;
  const othersShare = Math.max(0, othersUs / (coreAfter.atUs - coreBefore.atUs));
  const usage = { cpuUs, privateMb, idleMb: options.idleMb };
  return { ...buildFigures(report, usage), readyMs: pair.readyMs, othersShare };
}

function load(pair: RunningPair, work: Work, { stage, seconds }: MeasureOptions): Promise<LoadReport> {
  return runLoad(work, { arena: stage.arena, dir: stage.dir, target: pair.target, seconds });
}

async function sampleMemory(pair: RunningPair, seconds: number): Promise<PairUsage> {
  await sleep(seconds * 1000 * MEMORY_SAMPLE_AT);
  return readPair(pair, readPrivateMb);
}

async function readCore(): Promise<{ busyUs: number; atUs: number }> {
  return { busyUs: await readCoreBusyUs(CORE.proxies), atUs: monotonicMs() * 1000 };
}

async function readPair(pair: RunningPair, read: (pid: number) => Promise<number>): Promise<PairUsage> {
  return { out: await read(pair.outPid), in: await read(pair.inPid) };
}

function checkReport(report: LoadReport, work: Work): void {
  if (report.failed === 0 && (work.kind === 'tcp' || report.requests > 0)) return;
  const text = `${work.name}: ${report.failed} of ${report.requests} requests failed; the figures would mean nothing`;
  throw new MeshError('BENCH_REQUESTS_FAILED', text);
}

/** Every request that was answered has been counted by both proxies, and no other but those under way at the end. */
export function checkCounts(
  counted: RequestCounts,
  report: LoadReport,
  { inFlightMax }: { inFlightMax: number },
): void {
  for (const [side, count] of Object.entries(counted)) {
    if (count >= report.requests && count <= report.requests + inFlightMax) continue;
    const sent = `${report.requests} requests were answered and at most ${inFlightMax} more were under way`;
    throw new MeshError(
      'BENCH_COUNTERS_DIFFER',
      `the ${side}bound proxy counted ${count} requests, but ${sent}`,
    );
  }
}

function buildFigures(
  report: LoadReport,
  usage: { cpuUs: PairUsage; privateMb: PairUsage; idleMb: PairUsage },
): Omit<Measured, 'readyMs' | 'othersShare'> {
  const perRequest = (us: number): number | null => (report.requests === 0 ? null : us / report.requests);
  const cpuSeconds = (usage.cpuUs.out + usage.cpuUs.in) / 1e6;
  return {
    rps: report.rps,
    p50Ms: report.p50Ms,
    p99Ms: report.p99Ms,
    cpuUsOut: perRequest(usage.cpuUs.out),
    cpuUsIn: perRequest(usage.cpuUs.in),
    privateMbOut: usage.privateMb.out,
    privateMbIn: usage.privateMb.in,
    idleMbOut: usage.idleMb.out,
    idleMbIn: usage.idleMb.in,
    gbps: report.gbps,
    cpuSecondsPerGb: report.bytes === 0 ? null : cpuSeconds / (report.bytes / 1e9),
  };
}
