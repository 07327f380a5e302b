import { HistogramCell } from './cell.ts';
import type { AnyFamily } from './family.ts';

/** About how many characters a slice of a page has, at least. */
const SLICE_LENGTH = 32_768;

const UNITS = ['seconds', 'bytes'] as const;

/** The text of a family, in slices that each take well under a millisecond to make. */
export function* renderFamily(family: AnyFamily, openMetrics: boolean): Generator<string> {
  let parts = [renderHead(family, openMetrics)];
  let length = 0;
  const sample = openMetrics && family.type === 'counter' ? `${family.name}_total` : family.name;
  for (const [labels, { cell }] of family.entries()) {
    const text =
      cell instanceof HistogramCell
        ? renderHistogram(sample, labels, { cell, openMetrics })
        : `${sample}${labels === '' ? '' : `{${labels}}`} ${renderNumber(cell.value)}\n`;
    parts.push(text);
    length += text.length;
    if (length < SLICE_LENGTH) continue;
    yield parts.join('');
    parts = [];
    length = 0;
  }
  if (parts.length > 0) yield parts.join('');
}

function renderHead({ name, help, type }: AnyFamily, openMetrics: boolean): string {
  const text = help.replace(/[\\\n]/g, (char) => (char === '\n' ? '\\n' : '\\\\'));
  const stop = openMetrics && !text.endsWith('.') ? '.' : '';
  const unit = openMetrics ? UNITS.find((word) => name.endsWith(`_${word}`)) : undefined;
  const unitLine = unit === undefined ? '' : `# UNIT ${name} ${unit}\n`;
  return `# HELP ${name} ${text}${stop}\n# TYPE ${name} ${type}\n${unitLine}`;
}

function renderHistogram(
  name: string,
  labels: string,
  { cell, openMetrics }: { readonly cell: HistogramCell; readonly openMetrics: boolean },
): string {
  const lead = `${name}_bucket{${labels}${labels === '' ? '' : ','}le="`;
  const suffix = labels === '' ? '' : `{${labels}}`;
  let text = '';
  let total = 0;
  for (const [index, bound] of cell.bounds.entries()) {
    total += cell.counts[index]!;
    text += `${lead}${openMetrics ? renderFloat(bound) : bound}"} ${total}\n`;
  }
  total += cell.counts[cell.bounds.length]!;
  return `${text}${lead}+Inf"} ${total}\n${name}_sum${suffix} ${renderNumber(cell.sum)}\n${name}_count${suffix} ${total}\n`;
}

/** OpenMetrics has one form for a bound, so that those of several programs are one: `1.0`, not `1`. */
function renderFloat(value: number): string {
  return Number.isInteger(value) ? `${value}.0` : String(value);
}

function renderNumber(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  if (value === Number.NEGATIVE_INFINITY) return '-Inf';
  return String(value);
}
