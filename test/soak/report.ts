import type { CoverageRow } from './coverage.ts';
import type { Explanation, Kill } from './failures.ts';
import { type Account, type Failure, KINDS } from './pods/account.ts';
import type { Measured } from './sample/sampler.ts';
import type { Row } from './verdict.ts';

const MOST_SHOWN = 20;

/** Columns as wide as what is in them; the first one to the left. */
function renderTable(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ');
  return `${rows.map(line).join('\n')}\n`;
}

export function renderTraffic({ sent, ok, failures }: Account): string {
  const rows = KINDS.map((kind) => [
    kind,
    `${sent[kind]}`,
    `${ok[kind]}`,
    `${failures.filter((failure) => failure.kind === kind).length}`,
  ]);
  return renderTable([['traffic', 'sent', 'ok', 'failed'], ...rows]);
}

export function renderCoverage(rows: readonly CoverageRow[]): string {
  return renderTable([
    ['what happened', 'count', 'least'],
    ...rows.map(({ what, count, least }) => [what, `${count}`, `${least}`]),
  ]);
}

export function renderGrowth(rows: readonly Row[]): string {
  const number = (value: number | undefined) => value?.toFixed(1) ?? '-';
  return renderTable([
    ['proxy of', 'figure', 'early', 'late', 'growth', 'most', ''],
    ...rows.map(({ pod, figure, trend, mostGrowth, isFine }) => [
      pod,
      figure,
      number(trend?.early),
      number(trend?.late),
      number(trend?.growth),
      number(mostGrowth),
      isFine ? 'ok' : 'GROWS',
    ]),
  ]);
}

export function renderFailures({ byCategory, unexplained }: Explanation, kills: readonly Kill[]): string {
  const rows = [...byCategory].map(([category, failures]) => [category, `${failures.length}`]);
  const table = renderTable([['failures', 'count'], ...rows, ['unexplained', `${unexplained.length}`]]);
  const shown = unexplained.slice(0, MOST_SHOWN);
  return table + renderKinds(unexplained) + shown.map((failure) => renderFailure(failure, kills)).join('');
}

function renderKinds(failures: readonly Failure[]): string {
  const kinds = Map.groupBy(failures, ({ kind, reason }) => `${kind}: ${reason}`);
  return [...kinds].map(([kind, { length }]) => `  ${length} × ${kind}\n`).join('');
}

function renderFailure({ kind, reason, sentAtMs, failedAtMs }: Failure, kills: readonly Kill[]): string {
  const last = kills.findLast(({ atMs }) => atMs <= failedAtMs);
  const since = last && `, ${sentAtMs - last.atMs} ms behind the kill of the ${last.what} of ${last.pod}`;
  const at = new Date(failedAtMs).toISOString();
  return `  ${at} ${kind}, sent ${failedAtMs - sentAtMs} ms before${since ?? ''}: ${reason}\n`;
}

export function renderRenewals(measured: readonly Measured[]): string {
  return renderTable([
    ['proxy of', 'certificates'],
    ...measured.map(({ pod, renewals }) => [pod, `${renewals}`]),
  ]);
}
