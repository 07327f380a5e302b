import { renderTable } from '../output/table.ts';
import type { StatRow } from './stat-rows.ts';

export interface StatTableOptions {
  /** A column of namespaces: for rows of more than one. */
  readonly withNamespace: boolean;
  /** Columns of bytes. */
  readonly wide: boolean;
}

interface Column {
  readonly title: string;
  readonly align: 'left' | 'right';
  readonly format: (row: StatRow) => string;
}

const NONE = '-';

/** The tables of `viz stat`, one for each kind, with an empty line between. */
export function renderStatTables(rows: readonly StatRow[], options: StatTableOptions): string {
  const kinds = [...new Set(rows.map(({ kind }) => kind))];
  return kinds
    .map((kind) => {
      const own = rows.filter((row) => row.kind === kind);
      const columns = listColumns(own, { ...options, withKind: kinds.length > 1 });
      return renderTable(
        columns.map(({ title }) => title),
        own.map((row) => columns.map(({ format }) => format(row))),
        columns.map(({ align }) => align),
      );
    })
    .join('\n');
}

/** The rows as upstream's `-o json` has them; absent numbers are null. */
export function describeStatRows(rows: readonly StatRow[]): unknown {
  return rows.map(({ kind, namespace, name, meshed, http, tcp }) => ({
    namespace: namespace === '' ? name : namespace,
    kind,
    name,
    ...(meshed === undefined ? {} : { meshed: `${meshed.pods}/${meshed.of}` }),
    success: http?.success ?? null,
    rps: http?.rps ?? null,
    latency_ms_p50: http?.p50Ms ?? null,
    latency_ms_p95: http?.p95Ms ?? null,
    latency_ms_p99: http?.p99Ms ?? null,
    tcp_open_connections: tcp?.connections ?? null,
    tcp_read_bytes_rate: tcp?.readBytesPerSecond ?? null,
    tcp_write_bytes_rate: tcp?.writeBytesPerSecond ?? null,
  }));
}

function listColumns(
  rows: readonly StatRow[],
  { withNamespace, wide, withKind }: StatTableOptions & { withKind: boolean },
): readonly Column[] {
  const left = (title: string, format: Column['format']): Column => ({ title, align: 'left', format });
  const right = (title: string, format: Column['format']): Column => ({ title, align: 'right', format });
  const isKind = (kind: string) => rows[0]?.kind === kind;
  return [
    ...(withNamespace && !isKind('namespace') ? [left('NAMESPACE', ({ namespace }) => namespace)] : []),
    left('NAME', ({ kind, name }) => (withKind ? `${kind}/${name}` : name)),
    ...(isKind('pod') ? [right('STATUS', ({ status = NONE }) => status)] : []),
    right('MESHED', ({ meshed }) => (meshed === undefined ? NONE : `${meshed.pods}/${meshed.of}`)),
    right('SUCCESS', ({ http }) => (http === undefined ? NONE : `${(http.success * 100).toFixed(2)}%`)),
    right('RPS', ({ http }) => (http === undefined ? NONE : `${http.rps.toFixed(1)}rps`)),
    right('LATENCY_P50', ({ http }) => formatMs(http?.p50Ms)),
    right('LATENCY_P95', ({ http }) => formatMs(http?.p95Ms)),
    right('LATENCY_P99', ({ http }) => formatMs(http?.p99Ms)),
    right('TCP_CONN', ({ tcp }) => (tcp === undefined ? NONE : `${tcp.connections}`)),
    ...(wide
      ? [
          right('READ_BYTES/SEC', ({ tcp }) => formatRate(tcp?.readBytesPerSecond)),
          right('WRITE_BYTES/SEC', ({ tcp }) => formatRate(tcp?.writeBytesPerSecond)),
        ]
      : []),
  ];
}

function formatMs(ms: number | undefined): string {
  return ms === undefined ? NONE : `${ms}ms`;
}

function formatRate(bytesPerSecond: number | undefined): string {
  return bytesPerSecond === undefined ? NONE : `${bytesPerSecond.toFixed(1)}B/s`;
}
