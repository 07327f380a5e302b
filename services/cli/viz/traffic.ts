import { type Buckets, histogramQuantile } from '../metrics/histogram-quantile.ts';
import type { Series } from '../metrics/series.ts';

/** Golden metrics over the time watched; latencies in whole milliseconds. */
export interface HttpTraffic {
  /** The share of responses that are successes, 0 to 1. */
  readonly success: number;
  readonly rps: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
}

export interface TcpTraffic {
  /** Open at the end. */
  readonly connections: number;
  readonly readBytesPerSecond: number;
  readonly writeBytesPerSecond: number;
}

/** A sum over the series of any number of proxies. */
export interface TrafficSum {
  successes: number;
  responses: number;
  connections: number;
  readBytes: number;
  writtenBytes: number;
  /** Some proxy has reported TCP connections of this row. */
  hasTcp: boolean;
  readonly latency: Map<number, number>;
}

export function createTrafficSum(): TrafficSum {
  return {
    successes: 0,
    responses: 0,
    connections: 0,
    readBytes: 0,
    writtenBytes: 0,
    hasTcp: false,
    latency: new Map(),
  };
}

/** Adds one series; those that say nothing about traffic add nothing. Source: facts sheet viz, "PromQL used". */
export function addSeries(sum: TrafficSum, { name, labels, value, increase }: Series): void {
  switch (name) {
    case 'response_total':
      sum.responses += increase;
      if (labels['classification'] === 'success') sum.successes += increase;
      return;
    case 'response_latency_ms_bucket':
      addBucket(sum.latency, labels['le'] ?? '', increase);
      return;
    case 'tcp_open_connections':
      sum.hasTcp = true;
      sum.connections += value;
      return;
    case 'tcp_read_bytes_total':
      sum.readBytes += increase;
      return;
    case 'tcp_write_bytes_total':
      sum.writtenBytes += increase;
      return;
  }
}

/** Undefined when nothing was answered. */
export function readHttpTraffic(sum: TrafficSum, seconds: number): HttpTraffic | undefined {
  if (sum.responses === 0) return undefined;
  return {
    success: sum.successes / sum.responses,
    rps: sum.responses / seconds,
    p50Ms: readQuantile(0.5, sum.latency),
    p95Ms: readQuantile(0.95, sum.latency),
    p99Ms: readQuantile(0.99, sum.latency),
  };
}

/** Undefined when no proxy knows of connections. */
export function readTcpTraffic(sum: TrafficSum, seconds: number): TcpTraffic | undefined {
  if (!sum.hasTcp) return undefined;
  return {
    connections: sum.connections,
    readBytesPerSecond: sum.readBytes / seconds,
    writeBytesPerSecond: sum.writtenBytes / seconds,
  };
}

function addBucket(buckets: Map<number, number>, bound: string, increase: number): void {
  const upper = bound === '+Inf' ? Number.POSITIVE_INFINITY : Number(bound);
  buckets.set(upper, (buckets.get(upper) ?? 0) + increase);
}

function readQuantile(quantile: number, buckets: Buckets): number {
  return Math.round(histogramQuantile(quantile, buckets) ?? 0);
}
