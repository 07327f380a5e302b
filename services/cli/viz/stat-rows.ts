import { matchesSelector } from '#lib/resources';
import type { MeshPod } from '../mesh/mesh-pod.ts';
import type { WorkloadKind } from '../mesh/resource-args.ts';
import type { Labels } from '../metrics/parse-metrics.ts';
import type { PodSeries } from './pod-series.ts';
import type { StatQuery, Target } from './stat-query.ts';
import {
  addSeries,
  createTrafficSum,
  type HttpTraffic,
  readHttpTraffic,
  readTcpTraffic,
  type TcpTraffic,
  type TrafficSum,
} from './traffic.ts';

/** One line of `viz stat`. */
export interface StatRow {
  readonly kind: WorkloadKind;
  readonly namespace: string;
  readonly name: string;
  /** Of a pod: its phase. */
  readonly status: string | undefined;
  /** Of what is made of pods: those with a proxy, and all that have not failed. */
  readonly meshed: { readonly pods: number; readonly of: number } | undefined;
  readonly http: HttpTraffic | undefined;
  readonly tcp: TcpTraffic | undefined;
}

export interface StatInput {
  readonly pods: readonly MeshPod[];
  readonly services: readonly { readonly namespace: string; readonly name: string }[];
  readonly readings: readonly PodSeries[];
}

/** The rows of `viz stat`: one for each resource asked for, by kind, namespace and name. */
export function buildStatRows(query: StatQuery, input: StatInput): readonly StatRow[] {
  const rows = query.targets.flatMap((target) => buildTargetRows(target, query, input));
  const byKey = new Map(rows.map((row) => [`${row.kind} ${row.namespace}/${row.name}`, row]));
  return [...byKey.values()];
}

interface Subject {
  readonly namespace: string;
  readonly name: string;
  readonly pods: readonly MeshPod[];
}

function buildTargetRows(target: Target, query: StatQuery, input: StatInput): StatRow[] {
  const sums = sumTraffic(target, query, input.readings);
  const seconds = meanSeconds(input.readings);
  const hasEnds = query.to !== undefined || query.from !== undefined;
  return listSubjects(target, query, input).flatMap(({ namespace, name, pods }) => {
    const sum = sums.get(`${namespace}/${name}`);
    if (hasEnds && sum === undefined) return [];
    const counted = pods.filter(({ phase }) => phase !== 'Failed');
    const meshed = { pods: counted.filter((pod) => pod.meshed).length, of: counted.length };
    const isService = target.kind === 'service';
    if (!isService && !hasEnds && meshed.pods === 0 && !query.unmeshed) return [];
    return {
      kind: target.kind,
      namespace,
      name,
      status: target.kind === 'pod' ? pods[0]?.phase : undefined,
      meshed: isService ? undefined : meshed,
      http: sum && readHttpTraffic(sum, seconds),
      tcp: sum && readTcpTraffic(sum, seconds),
    };
  });
}

/** The resources that the target means, also those without traffic. */
function listSubjects(target: Target, query: StatQuery, input: StatInput): Subject[] {
  const subjects = new Map<string, Subject & { pods: MeshPod[] }>();
  const add = (namespace: string, name: string, pods: readonly MeshPod[]) => {
    if (!isMeant(target, namespace, name)) return;
    const key = `${namespace}/${name}`;
    const subject = subjects.get(key) ?? { namespace, name, pods: [] };
    subject.pods.push(...pods);
    subjects.set(key, subject);
  };
  if (target.kind === 'service') for (const { namespace, name } of input.services) add(namespace, name, []);
  else {
    for (const pod of input.pods) {
      const name = nameOfPod(pod, target.kind);
      if (name !== undefined && matchesSelector(query.selector, pod.labels))
        add(target.kind === 'namespace' ? '' : pod.namespace, name, [pod]);
    }
  }
  return [...subjects.values()].sort((a, b) =>
    compare(`${a.namespace}/${a.name}`, `${b.namespace}/${b.name}`),
  );
}

/**
 * Sums up by `namespace/name`. What arrives is counted by the receiver; once another end is named, or for a
 * service, the sender's proxy counts, which knows both ends.
 */
function sumTraffic(
  target: Target,
  query: StatQuery,
  readings: readonly PodSeries[],
): Map<string, TrafficSum> {
  const sums = new Map<string, TrafficSum>();
  const outbound = query.to !== undefined || query.from !== undefined || target.kind === 'service';
  const peer = outbound ? 'dst' : 'src';
  for (const { pod, series } of readings) {
    if (query.from !== undefined && !isPodOf(query.from, pod)) continue;
    for (const one of series) {
      const { labels } = one;
      if (labels['direction'] !== (outbound ? 'outbound' : 'inbound')) continue;
      if (labels['peer'] !== undefined && labels['peer'] !== peer) continue;
      if (query.to !== undefined && !isSentTo(query.to, labels)) continue;
      const fromOthers = query.from !== undefined || target.kind === 'service';
      const key = fromOthers ? keyOfDestination(target.kind, labels) : keyOfPod(target.kind, pod);
      if (key === undefined) continue;
      const sum = sums.get(key) ?? createTrafficSum();
      addSeries(sum, one);
      sums.set(key, sum);
    }
  }
  return sums;
}

function isMeant(target: Target, namespace: string, name: string): boolean {
  if (target.name !== undefined && target.name !== name) return false;
  return target.namespace === undefined || target.namespace === namespace;
}

function isPodOf(target: Target, pod: MeshPod): boolean {
  const name = nameOfPod(pod, target.kind);
  return name !== undefined && isMeant(target, target.kind === 'namespace' ? '' : pod.namespace, name);
}

function isSentTo(target: Target, labels: Labels): boolean {
  const name = labels[`dst_${target.kind}`];
  return name !== undefined && isMeant(target, labels['dst_namespace'] ?? '', name);
}

function nameOfPod(pod: MeshPod, kind: WorkloadKind): string | undefined {
  return { deployment: pod.deployment, pod: pod.name, namespace: pod.namespace, service: undefined }[kind];
}

function keyOfPod(kind: WorkloadKind, pod: MeshPod): string | undefined {
  const name = nameOfPod(pod, kind);
  return name && `${kind === 'namespace' ? '' : pod.namespace}/${name}`;
}

function keyOfDestination(kind: WorkloadKind, labels: Labels): string | undefined {
  const name = labels[`dst_${kind}`];
  return name && `${kind === 'namespace' ? '' : (labels['dst_namespace'] ?? '')}/${name}`;
}

/** All proxies are read one after the other within milliseconds, so that one length does for all. */
function meanSeconds(readings: readonly PodSeries[]): number {
  const total = readings.reduce((sum, { seconds }) => sum + seconds, 0);
  return readings.length === 0 ? 1 : total / readings.length;
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
