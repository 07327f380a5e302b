/** One family of a page as a strict reader takes it. */
export interface ReadFamily {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly unit: string | undefined;
  /** Sample names with their labels as written, and their values. */
  readonly samples: Map<string, number>;
}

const HEAD = /^# (HELP|TYPE|UNIT) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.*)$/;
const LABEL = '[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\\\n]|\\\\[\\\\"n])*"';
const SAMPLE = new RegExp(`^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\\{(${LABEL}(?:,${LABEL})*)\\})? (\\S+)$`);
const SUFFIXES: Readonly<Record<string, RegExp>> = {
  counter: /^(_total)?$/,
  gauge: /^$/,
  histogram: /^_(bucket|sum|count)$/,
};

/**
 * Reads a page as strictly as promtool does, and more: HELP, TYPE and UNIT once and before the samples, each family in
 * one piece, no series twice, no label twice in a series, buckets that add up, and the end where it is said to be.
 */
export function readPage(text: string): Map<string, ReadFamily> {
  const families = new Map<string, ReadFamily>();
  const seen = new Set<string>();
  let current: { -readonly [K in keyof ReadFamily]: ReadFamily[K] } | undefined;
  if (!text.endsWith('# EOF\n')) throw new Error('the page does not end in # EOF');
  for (const line of text.slice(0, -'# EOF\n'.length).split('\n').slice(0, -1)) {
    const head = HEAD.exec(line);
    if (head !== null) {
      const [, key, name = '', value = ''] = head;
      if (key === 'HELP') {
        if (families.has(name)) throw new Error(`${name} comes twice`);
        current = { name, type: '', help: value, unit: undefined, samples: new Map() };
        families.set(name, current);
      } else if (current === undefined || current.name !== name || current.samples.size > 0) {
        throw new Error(`misplaced: ${line}`);
      } else if (key === 'TYPE') current.type = value;
      else current.unit = value;
      continue;
    }
    const sample = SAMPLE.exec(line);
    if (sample === null || current === undefined) throw new Error(`no sample: ${line}`);
    takeSample(current, { line, name: sample[1] ?? '', labels: sample[2] ?? '', value: Number(sample[3]) });
    const key = line.slice(0, line.lastIndexOf(' '));
    if (seen.has(key)) throw new Error(`twice: ${key}`);
    seen.add(key);
  }
  for (const family of families.values()) if (family.type === 'histogram') checkBuckets(family);
  return families;
}

function takeSample(
  family: ReadFamily,
  of: { readonly line: string; readonly name: string; readonly labels: string; readonly value: number },
): void {
  const { line, name, labels, value } = of;
  const suffix = name.startsWith(family.name) ? name.slice(family.name.length) : undefined;
  if (suffix === undefined || SUFFIXES[family.type]?.test(suffix) !== true)
    throw new Error(`not of ${family.name} (${family.type}): ${line}`);
  if (Number.isNaN(value)) throw new Error(`no number: ${line}`);
  const names = [...labels.matchAll(/([a-zA-Z_][a-zA-Z0-9_]*)="(?:[^"\\]|\\.)*"/g)].map((match) => match[1]);
  if (new Set(names).size < names.length) throw new Error(`a label twice: ${line}`);
  family.samples.set(labels === '' ? name : `${name}{${labels}}`, value);
}

/** Buckets ascend, the last is +Inf and the same as the count. */
function checkBuckets({ name, samples }: ReadFamily): void {
  let last = 0;
  for (const [key, value] of samples) {
    if (key.startsWith(`${name}_bucket`)) {
      if (value < last) throw new Error(`falls: ${key}`);
      last = key.includes('le="+Inf"') ? 0 : value;
      const total = samples.get(countKeyOf(name, key));
      if (key.includes('le="+Inf"') && total !== value) throw new Error(`not the count: ${key}`);
    }
  }
}

function countKeyOf(name: string, bucket: string): string {
  return bucket
    .replace(`${name}_bucket`, `${name}_count`)
    .replace(/,?le="\+Inf"\}$/, '}')
    .replace('{}', '');
}
