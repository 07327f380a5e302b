import { FIGURES, type Figure, type Measured } from './sample/sampler.ts';
import { fitTrend, type Point, type Trend } from './trend.ts';

/** What a figure may grow by from the end of the warm-up to the end, as a line through all of it has it. */
const MOST_GROWTH: Readonly<Record<Figure, number>> = {
  'anonymous MB': 10,
  'heap MB': 1.5,
  // The pool of chunks fills up to 3 MB.
  'buffers MB': 2,
  descriptors: 25,
  timers: 25,
  handles: 25,
  // A pod has about 115 of them at its clients, and now more pods are there, now fewer.
  series: 600,
};

export interface Row {
  readonly pod: string;
  readonly figure: Figure;
  /** Undefined: too few measurements. */
  readonly trend: Trend | undefined;
  readonly mostGrowth: number;
  readonly isFine: boolean;
}

/** Judges what was measured behind the warm-up: one row for each proxy and figure. */
export function judge(measured: readonly Measured[], warmUntilMs: number): readonly Row[] {
  return measured.flatMap(({ pod, points }) =>
    FIGURES.map((figure) => {
      const trend = fitTrend(points[figure].filter(({ atMs }: Point) => atMs >= warmUntilMs));
      const mostGrowth = MOST_GROWTH[figure];
      return { pod, figure, trend, mostGrowth, isFine: trend !== undefined && trend.growth <= mostGrowth };
    }),
  );
}
