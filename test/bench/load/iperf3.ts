import { MeshError } from '#lib/base';
import type { LoadCommand, LoadOptions, LoadReport } from './load.ts';

interface IperfReport {
  readonly error?: string;
  readonly end?: {
    readonly sum_received?: { readonly bits_per_second: number; readonly bytes: number };
  };
}

/** One TCP stream as fast as it goes, by iperf3. */
export function buildIperf3Command({ target, seconds }: LoadOptions): LoadCommand {
  return {
    program: 'iperf3',
    args: ['-c', target.host, '-p', `${target.port}`, '-t', `${seconds}`, '--json'],
    parse: parseIperf3,
  };
}

export function parseIperf3(stdout: string): LoadReport {
  const report = JSON.parse(stdout) as IperfReport;
  const received = report.end?.sum_received;
  if (received === undefined) {
    throw new MeshError(
      'BENCH_OUTPUT_UNREADABLE',
      `iperf3 measured nothing: ${report.error ?? 'no reason given'}`,
    );
  }
  const gbps = received.bits_per_second / 1e9;
  return { requests: 0, failed: 0, rps: null, p50Ms: null, p99Ms: null, gbps, bytes: received.bytes };
}
