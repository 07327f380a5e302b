/** What was measured at a time; times in milliseconds since any moment. */
export interface Point {
  readonly atMs: number;
  readonly value: number;
}

export interface Trend {
  /** Means of the first and the last third of the points. */
  readonly early: number;
  readonly late: number;
  /** What a straight line through all points grows by from the first to the last of them. */
  readonly growth: number;
}

/** Below this many points nothing can be said. */
const LEAST_POINTS = 6;

/** The straight line of least squares through the points; undefined for fewer than LEAST_POINTS. */
export function fitTrend(points: readonly Point[]): Trend | undefined {
  const [first] = points;
  const last = points.at(-1);
  if (first === undefined || last === undefined || points.length < LEAST_POINTS) return undefined;
  const third = Math.floor(points.length / 3);
  return {
    early: meanOf(points.slice(0, third).map(({ value }) => value)),
    late: meanOf(points.slice(-third).map(({ value }) => value)),
    growth: slopePerMs(points) * (last.atMs - first.atMs),
  };
}

function slopePerMs(points: readonly Point[]): number {
  const meanMs = meanOf(points.map(({ atMs }) => atMs));
  const mean = meanOf(points.map(({ value }) => value));
  let covariance = 0;
  let variance = 0;
  for (const { atMs, value } of points) {
    covariance += (atMs - meanMs) * (value - mean);
    variance += (atMs - meanMs) ** 2;
  }
  return variance === 0 ? 0 : covariance / variance;
}

function meanOf(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0) / values.length;
}
