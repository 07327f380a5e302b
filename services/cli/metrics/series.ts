import type { Labels, Sample } from './parse-metrics.ts';

/** A series as two readings of it show it. */
export interface Series {
  readonly name: string;
  readonly labels: Labels;
  /** The later reading. */
  readonly value: number;
  /** How much a counter grew in between; a counter that fell has begun again at zero. Means nothing for gauges. */
  readonly increase: number;
}

/** Joins two readings of one proxy. A series that only the later one has began at zero in between. */
export function joinReadings(before: readonly Sample[], after: readonly Sample[]): readonly Series[] {
  const earlier = new Map(before.map((sample) => [keyOf(sample), sample.value]));
  return after.map((sample) => {
    const from = earlier.get(keyOf(sample)) ?? 0;
    return { ...sample, increase: sample.value >= from ? sample.value - from : sample.value };
  });
}

/** Labels in any order: OpenMetrics does not promise one. */
function keyOf({ name, labels }: Sample): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}=${JSON.stringify(value)}`);
  return `${name}{${pairs.sort().join()}}`;
}
