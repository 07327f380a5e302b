import type { Verdict } from './bounds.ts';
import type { PeerName, Result } from './result.ts';

type Row = readonly string[];

const HEAD: Row = [
  'WORK',
  'PROXY',
  'RPS',
  'P50 MS',
  'P99 MS',
  'CPU US OUT+IN',
  'PRIVATE MB OUT/IN',
  'IDLE MB OUT/IN',
  'GBIT/S',
  'READY MS',
  'RPS/NGINX',
  'CPU/NGINX',
  'RPS/HAPROXY',
  'CPU/HAPROXY',
];

/** The results as a table in plain text; ratios stand on the lines of the meshes. TCP compares Gbit/s. */
export function renderResults(results: readonly Result[]): string {
  return renderTable([HEAD, ...results.map((result) => renderRow(result, results))]);
}

/** One line for each bound that this run can judge; empty when it can judge none. */
export function renderVerdicts(verdicts: readonly Verdict[]): string {
  const rows = verdicts.map(({ text, value, kept }) => [text, value.toFixed(2), kept ? 'pass' : 'MISS']);
  return rows.length === 0 ? '' : renderTable([['BOUND', 'MEASURED', 'VERDICT'], ...rows]);
}

function renderRow(result: Result, results: readonly Result[]): Row {
  const pair = (a: number | null, b: number | null): string => `${show(a, 1)}/${show(b, 1)}`;
  return [
    result.work,
    result.proxy,
    show(result.rps, 0),
    show(result.p50Ms, 2),
    show(result.p99Ms, 2),
    result.cpuUsOut === null ? '–' : `${show(result.cpuUsOut, 1)}+${show(result.cpuUsIn, 1)}`,
    pair(result.privateMbOut, result.privateMbIn),
    pair(result.idleMbOut, result.idleMbIn),
    show(result.gbps, 2),
    show(result.readyMs, 0),
    ...renderRatios(result, results, 'nginx'),
    ...renderRatios(result, results, 'haproxy'),
  ];
}

/** Throughput and CPU over the peer's; empty on the lines of the peers themselves. */
function renderRatios(result: Result, results: readonly Result[], peer: PeerName): [string, string] {
  const other = results.find(({ work, proxy }) => work === result.work && proxy === peer);
  if (other === undefined || result.proxy === 'nginx' || result.proxy === 'haproxy') return ['', ''];
  const cpuUs = ({ cpuUsOut, cpuUsIn }: Result): number | null =>
    cpuUsOut === null || cpuUsIn === null ? null : cpuUsOut + cpuUsIn;
  return [
    showRatio(result.rps ?? result.gbps, other.rps ?? other.gbps),
    showRatio(cpuUs(result), cpuUs(other)),
  ];
}

function showRatio(a: number | null, b: number | null): string {
  return a === null || b === null ? '–' : `${(a / b).toFixed(2)}×`;
}

function show(value: number | null, digits: number): string {
  return value === null ? '–' : value.toFixed(digits);
}

/** Columns as wide as their widest cell; the first two to the left, numbers to the right. */
function renderTable(rows: readonly Row[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const render = (row: Row): string =>
    row
      .map((cell, column) =>
        column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ');
  return rows.map((row) => `${render(row).trimEnd()}\n`).join('');
}
