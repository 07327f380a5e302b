import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { MeshError } from '#lib/base';
import type { HttpWork } from '../works.ts';
import type { LoadCommand, LoadOptions, LoadReport } from './load.ts';

/** HTTP/2 load by h2load with prior knowledge, one thread; the latencies come from its log of every request. */
export function buildH2loadCommand(work: HttpWork, { target, seconds, dir }: LoadOptions): LoadCommand {
  const log = join(dir, 'h2load.log');
  const amount = ['-t', '1', '-c', `${work.connections}`, '-m', `${work.streams}`, '-D', `${seconds}`];
  return {
    program: 'h2load',
    args: [...amount, `--log-file=${log}`, `http://${target.host}:${target.port}/`],
    parse: async (stdout) => {
      const report = parseH2load(stdout, await readFile(log, 'latin1'));
      await rm(log);
      return report;
    },
  };
}

/** `log` has a line for each request: start (µs), status, duration (µs). Source: h2load(1), --log-file. */
export function parseH2load(stdout: string, log: string): LoadReport {
  const rate = /finished in [\d.]+\w+, ([\d.]+) req\/s/.exec(stdout);
  const counts = /(\d+) done, (\d+) succeeded/.exec(stdout);
  if (rate === null || counts === null) {
    throw new MeshError('BENCH_OUTPUT_UNREADABLE', `h2load printed no result: ${stdout.trim()}`);
  }
  const [done, succeeded] = [Number(counts[1]), Number(counts[2])];
  const durationsUs = parseDurations(log);
  return {
    requests: done,
    failed: done - succeeded,
    rps: Number(rate[1]),
    p50Ms: percentile(durationsUs, 0.5) / 1000,
    p99Ms: percentile(durationsUs, 0.99) / 1000,
    gbps: null,
    bytes: 0,
  };
}

function parseDurations(log: string): Float64Array {
  const lines = log.trimEnd().split('\n');
  return Float64Array.from(lines, (line) => Number(line.slice(line.lastIndexOf('\t') + 1))).sort();
}

/** The smallest value that `share` of the values do not exceed. */
function percentile(sorted: Float64Array, share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}
