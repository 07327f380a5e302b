/** A number that is counted or set. */
export class NumberCell {
  value = 0;

  /** A number that is another one after a change. */
  get activity(): number {
    return this.value;
  }
}

/** Observations by upper bound; the last count is that of +Inf. */
export class HistogramCell {
  readonly bounds: readonly number[];
  readonly counts: Float64Array;
  sum = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = new Float64Array(bounds.length + 1);
  }

  observe(value: number): void {
    const { bounds, counts } = this;
    const last = bounds.length;
    let index = 0;
    while (index < last && value > bounds[index]!) index++;
    counts[index]!++;
    this.sum += value;
  }

  get activity(): number {
    let total = 0;
    for (const count of this.counts) total += count;
    return total;
  }
}
