import { Family } from './family.ts';
import { CounterSeries, GaugeSeries, HistogramSeries } from './series.ts';

type AnySeries = CounterSeries | GaugeSeries | HistogramSeries;

export interface RegistryOptions {
  /**
   * `prometheus` (default): names as given. `openmetrics`: counters get `_total` on their samples only, and the
   * text ends in `# EOF`. Source: openmetrics.io, "Text format".
   */
  readonly format?: 'prometheus' | 'openmetrics';
}

/** The metrics of a program. A family without series is left out of the text. */
export class Registry {
  readonly #openMetrics: boolean;
  readonly #families = new Map<string, Family<AnySeries>>();
  readonly #collectors: (() => void)[] = [];

  constructor(options: RegistryOptions = {}) {
    this.#openMetrics = options.format === 'openmetrics';
  }

  /** `labelNames` document the family; each series names its own labels. */
  counter(name: string, help: string, _labelNames: readonly string[] = []): Family<CounterSeries> {
    return this.#family(name, { help, type: 'counter', create: () => new CounterSeries() });
  }

  gauge(name: string, help: string, _labelNames: readonly string[] = []): Family<GaugeSeries> {
    return this.#family(name, { help, type: 'gauge', create: () => new GaugeSeries() });
  }

  /** `bounds` are the upper bounds of the buckets, ascending, without +Inf. */
  histogram(
    name: string,
    help: string,
    _labelNames: readonly string[],
    bounds: readonly number[],
  ): Family<HistogramSeries> {
    return this.#family(name, { help, type: 'histogram', create: () => new HistogramSeries(bounds) });
  }

  /** Calls `collect` before every rendering, to set what is read rather than counted. */
  onCollect(collect: () => void): void {
    this.#collectors.push(collect);
  }

  #family<S extends AnySeries>(name: string, options: ConstructorParameters<typeof Family<S>>[1]): Family<S> {
    const known = this.#families.get(name);
    if (known !== undefined) {
      if (known.type !== options.type)
        throw new Error(`metric ${name} is a ${known.type}, not a ${options.type}`);
      return known as Family<AnySeries> as Family<S>;
    }
    const family = new Family<S>(name, options);
    this.#families.set(name, family as Family<AnySeries> as never);
    return family;
  }

  render(): string {
    for (const collect of this.#collectors) collect();
    const parts: string[] = [];
    for (const family of this.#families.values()) if (family.size > 0) this.#renderFamily(family, parts);
    if (this.#openMetrics) parts.push('# EOF\n');
    return parts.join('');
  }

  #renderFamily(family: Family<AnySeries>, parts: string[]): void {
    const help = this.#openMetrics && !family.help.endsWith('.') ? `${family.help}.` : family.help;
    parts.push(`# HELP ${family.name} ${help}\n# TYPE ${family.name} ${family.type}\n`);
    const sample = this.#openMetrics && family.type === 'counter' ? `${family.name}_total` : family.name;
    for (const [labels, series] of family.entries()) {
      if (series instanceof HistogramSeries) renderHistogram(sample, labels, { series, parts });
      else parts.push(`${sample}${labels === '' ? '' : `{${labels}}`} ${renderNumber(series.value)}\n`);
    }
  }
}

function renderHistogram(
  name: string,
  labels: string,
  out: { series: HistogramSeries; parts: string[] },
): void {
  const { series, parts } = out;
  const lead = labels === '' ? '' : `${labels},`;
  const suffix = labels === '' ? '' : `{${labels}}`;
  let total = 0;
  for (const [index, bound] of series.bounds.entries()) {
    total += series.counts[index]!;
    parts.push(`${name}_bucket{${lead}le="${renderNumber(bound)}"} ${total}\n`);
  }
  total += series.counts[series.bounds.length]!;
  parts.push(`${name}_bucket{${lead}le="+Inf"} ${total}\n`);
  parts.push(`${name}_sum${suffix} ${renderNumber(series.sum)}\n${name}_count${suffix} ${total}\n`);
}

function renderNumber(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  if (value === Number.NEGATIVE_INFINITY) return '-Inf';
  return String(value);
}
