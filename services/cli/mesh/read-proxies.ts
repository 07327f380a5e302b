import { setTimeout as sleep } from 'node:timers/promises';
import { describeError, MeshError } from '#lib/base';
import { fetchMetrics } from '../metrics/fetch-metrics.ts';
import { parseMetrics, type Sample } from '../metrics/parse-metrics.ts';
import { joinReadings, type Series } from '../metrics/series.ts';
import { type MeshPod, podLabel } from './mesh-pod.ts';

/** A proxy's metrics at one moment. */
export interface Reading {
  readonly pod: MeshPod;
  /** On the monotonic clock. */
  readonly atMs: number;
  readonly samples: readonly Sample[];
}

export interface ReadOptions {
  readonly pods: readonly MeshPod[];
  /** Told of every proxy that cannot be read; the others count all the same. */
  readonly warn: (sentence: string) => void;
}

/** Reads the metrics of all running meshed pods at once. Rejects when not one of them answers. */
export async function readProxies({ pods, warn }: ReadOptions): Promise<readonly Reading[]> {
  const running = pods.filter(({ meshed, ip, phase }) => meshed && ip !== '' && phase === 'Running');
  const readings = await Promise.all(
    running.map(async (pod) => {
      try {
        return await readProxy(pod);
      } catch (error) {
        warn(describeError(error));
        return undefined;
      }
    }),
  );
  const found = readings.filter((reading) => reading !== undefined);
  if (found.length === 0 && running.length > 0) {
    throw new MeshError(
      'METRICS_UNAVAILABLE',
      'no proxy of the mesh could be read: see "linkerd local status"',
    );
  }
  return found;
}

/** Reads all proxies twice, `windowMs` apart. A pod that came or went in between is left out. */
export async function watchProxies(
  options: ReadOptions,
  windowMs: number,
): Promise<readonly { pod: MeshPod; seconds: number; series: readonly Series[] }[]> {
  const before = await readProxies(options);
  await sleep(windowMs);
  const after = await readProxies(options);
  return after.flatMap((later) => {
    const earlier = before.find(({ pod }) => podLabel(pod) === podLabel(later.pod));
    if (earlier === undefined) return [];
    const seconds = (later.atMs - earlier.atMs) / 1000;
    return { pod: later.pod, seconds, series: joinReadings(earlier.samples, later.samples) };
  });
}

async function readProxy(pod: MeshPod): Promise<Reading> {
  const label = podLabel(pod);
  const text = await fetchMetrics({ label, ip: pod.ip });
  return { pod, atMs: performance.now(), samples: parseMetrics(text, `the metrics of ${label}`) };
}
