import { type AnyFamily, type AnySeries, Family, type FamilyOptions } from './family.ts';
import { renderFamily } from './render.ts';
import { CounterSeries, GaugeSeries, HistogramSeries } from './series.ts';

export interface RegistryOptions {
  /**
   * `prometheus` (default): names as given. `openmetrics`: counters get `_total` on their samples only, units are
   * named, and the text ends in `# EOF`. Source: openmetrics.io, "Text format".
   */
  readonly format?: 'prometheus' | 'openmetrics';
  /** How many label sets a family takes before further ones share one series (`overflow="true"`); no cap by default. */
  readonly maxSeriesPerFamily?: number;
  /** Told the family whenever a label set found no room. */
  readonly onOverflow?: (family: string) => void;
}

type Definition<S extends AnySeries> = Pick<FamilyOptions<S>, 'help' | 'type' | 'create'>;

/** The metrics of a program. A family without series is left out of the text. */
export class Registry {
  readonly #openMetrics: boolean;
  readonly #maxSeries: number;
  readonly #onOverflow: (family: string) => void;
  readonly #families = new Map<string, AnyFamily>();
  readonly #collectors: (() => void)[] = [];

  constructor(options: RegistryOptions = {}) {
    this.#openMetrics = options.format === 'openmetrics';
    this.#maxSeries = options.maxSeriesPerFamily ?? Number.POSITIVE_INFINITY;
    this.#onOverflow = options.onOverflow ?? (() => {});
  }

  /** `labelNames` document the family; each series names its own labels. */
  counter(name: string, help: string, _labelNames: readonly string[] = []): Family<CounterSeries> {
    return this.#family(name, { help, type: 'counter', create: (cell) => new CounterSeries(cell) });
  }

  gauge(name: string, help: string, _labelNames: readonly string[] = []): Family<GaugeSeries> {
    return this.#family(name, { help, type: 'gauge', create: (cell) => new GaugeSeries(cell) });
  }

  /** `bounds` are the upper bounds of the buckets, ascending, without +Inf. */
  histogram(
    name: string,
    help: string,
    _labelNames: readonly string[],
    bounds: readonly number[],
  ): Family<HistogramSeries> {
    return this.#family(name, {
      help,
      type: 'histogram',
      create: (cell) => new HistogramSeries(bounds, cell),
    });
  }

  /** Calls `collect` before every rendering, to set what is read rather than counted. */
  onCollect(collect: () => void): void {
    this.#collectors.push(collect);
  }

  #family<S extends AnySeries>(name: string, definition: Definition<S>): Family<S> {
    const known = this.#families.get(name);
    if (known !== undefined) {
      if (known.type !== definition.type)
        throw new Error(`metric ${name} is a ${known.type}, not a ${definition.type}`);
      return known as Family<S>;
    }
    const limits = { maxSeries: this.#maxSeries, onOverflow: this.#onOverflow };
    const family = new Family<S>(name, { ...definition, ...limits });
    this.#families.set(name, family);
    return family;
  }

  /** The families that are registered, with or without series. */
  families(): IterableIterator<AnyFamily> {
    return this.#families.values();
  }

  render(): string {
    return [...this.renderSlices()].join('');
  }

  /**
   * The text in slices, each made when it is asked for, so that others may work in between. What is counted meanwhile
   * is seen by the slices that are not made yet.
   */
  *renderSlices(): Generator<string> {
    for (const collect of this.#collectors) collect();
    for (const family of this.#families.values())
      if (family.size > 0) yield* renderFamily(family, this.#openMetrics);
    if (this.#openMetrics) yield '# EOF\n';
  }
}
