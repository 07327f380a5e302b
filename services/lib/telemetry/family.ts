import {
  type CounterSeries,
  type GaugeSeries,
  type HistogramSeries,
  type Labels,
  renderLabels,
} from './series.ts';

export type MetricType = 'counter' | 'gauge' | 'histogram';

/** All series of one metric name. The same labels give the same series, in whatever call. */
export class Family<S extends CounterSeries | GaugeSeries | HistogramSeries> {
  readonly name: string;
  readonly help: string;
  readonly type: MetricType;
  readonly #create: () => S;
  readonly #series = new Map<string, S>();

  constructor(name: string, options: { help: string; type: MetricType; create: () => S }) {
    this.name = name;
    this.help = options.help;
    this.type = options.type;
    this.#create = options.create;
  }

  get size(): number {
    return this.#series.size;
  }

  /** The series of these labels. Resolve once and keep it where it is counted often. */
  with(labels: Labels): S {
    return this.withRendered(renderLabels(labels));
  }

  /** The same for labels already rendered by `renderLabels`. */
  withRendered(labels: string): S {
    let series = this.#series.get(labels);
    if (series === undefined) {
      series = this.#create();
      this.#series.set(labels, series);
    }
    return series;
  }

  remove(labels: Labels): void {
    this.#series.delete(renderLabels(labels));
  }

  clear(): void {
    this.#series.clear();
  }

  entries(): IterableIterator<[string, S]> {
    return this.#series.entries();
  }
}
