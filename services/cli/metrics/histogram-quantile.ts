/** Counts by upper bound, each count including those of all smaller bounds. */
export type Buckets = ReadonlyMap<number, number>;

/**
 * The value below which the share `quantile` of the observations lies, interpolated within its bucket as
 * Prometheus does; undefined without observations. What lies beyond the last finite bound counts as that bound.
 * Source: prometheus.io, Query functions, "histogram_quantile()".
 */
export function histogramQuantile(quantile: number, buckets: Buckets): number | undefined {
  const sorted = [...buckets].sort(([left], [right]) => left - right);
  const total = sorted.at(-1)?.[1] ?? 0;
  if (total <= 0 || sorted.at(-1)?.[0] !== Number.POSITIVE_INFINITY) return undefined;
  const rank = quantile * total;
  const index = sorted.findIndex(([, count]) => count >= rank);
  const [upper = 0, count = 0] = sorted[index] ?? [];
  const [lower, below] = sorted[index - 1] ?? [0, 0];
  if (upper === Number.POSITIVE_INFINITY) return index === 0 ? undefined : lower;
  return count === below ? upper : lower + ((upper - lower) * (rank - below)) / (count - below);
}
