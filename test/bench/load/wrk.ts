import { join } from 'node:path';
import type { HttpWork } from '../works.ts';
import type { LoadCommand, LoadOptions, LoadReport } from './load.ts';

/** What report.lua prints, on the last line. */
interface WrkReport {
  readonly requests: number;
  readonly durationUs: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly badStatus: number;
  readonly connect: number;
  readonly read: number;
  readonly write: number;
}

/** HTTP/1.1 load by wrk, one thread. */
export function buildWrkCommand(work: HttpWork, { target, seconds }: LoadOptions): LoadCommand {
  const script = join(import.meta.dirname, work.varied ? 'varied.lua' : 'report.lua');
  const url = `http://${target.host}:${target.port}/`;
  return {
    program: 'wrk',
    args: ['-t', '1', '-c', `${work.connections}`, '-d', `${seconds}s`, '--latency', '-s', script, url],
    parse: parseWrk,
  };
}

/** Timeouts are not failures here: wrk counts answers that took more than two seconds, and goes on waiting. */
export function parseWrk(stdout: string): LoadReport {
  const line = stdout.trimEnd().split('\n').at(-1) ?? '';
  const report = JSON.parse(line) as WrkReport;
  return {
    requests: report.requests,
    failed: report.badStatus + report.connect + report.read + report.write,
    rps: report.requests / (report.durationUs / 1e6),
    p50Ms: report.p50Us / 1000,
    p99Ms: report.p99Us / 1000,
    gbps: null,
    bytes: 0,
  };
}
