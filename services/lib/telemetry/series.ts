import { HistogramCell, NumberCell } from './cell.ts';

/** Label names and values of one series. */
export type Labels = Readonly<Record<string, string>>;

/**
 * What counts: handles to cells. The registry keeps the cell, whoever counts the handle, so that the registry can
 * tell when nobody counts any more without losing what was counted last.
 */

/** A number that only grows; hot paths may write `value` themselves. */
export class CounterSeries {
  readonly cell: NumberCell;

  constructor(cell: NumberCell = new NumberCell()) {
    this.cell = cell;
  }

  get value(): number {
    return this.cell.value;
  }
  set value(value: number) {
    this.cell.value = value;
  }
  inc(by = 1): void {
    this.cell.value += by;
  }
}

export class GaugeSeries {
  readonly cell: NumberCell;

  constructor(cell: NumberCell = new NumberCell()) {
    this.cell = cell;
  }

  get value(): number {
    return this.cell.value;
  }
  set(value: number): void {
    this.cell.value = value;
  }
  inc(by = 1): void {
    this.cell.value += by;
  }
  dec(by = 1): void {
    this.cell.value -= by;
  }
}

/** Counts observations by upper bound; the last bucket is +Inf. */
export class HistogramSeries {
  readonly cell: HistogramCell;

  constructor(bounds: readonly number[], cell: HistogramCell = new HistogramCell(bounds)) {
    this.cell = cell;
  }

  observe(value: number): void {
    this.cell.observe(value);
  }

  get sum(): number {
    return this.cell.sum;
  }
  get count(): number {
    return this.cell.activity;
  }
}

/** Escapes a label value for the text formats. */
export function escapeLabelValue(value: string): string {
  if (!/[\\"\n]/.test(value)) return value;
  return value.replace(/[\\"\n]/g, (char) => (char === '\n' ? '\\n' : `\\${char}`));
}

/** `a="1",b="2"`, in the order of the object's keys. */
export function renderLabels(labels: Labels): string {
  let text = '';
  for (const name in labels) text += `${text === '' ? '' : ','}${name}="${escapeLabelValue(labels[name]!)}"`;
  return text;
}
