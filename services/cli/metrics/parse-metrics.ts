import { MeshError } from '#lib/base';

export type Labels = Readonly<Record<string, string>>;

/** One line of a metrics page. */
export interface Sample {
  readonly name: string;
  readonly labels: Labels;
  readonly value: number;
}

const NAME = /[a-zA-Z_:][a-zA-Z0-9_:]*/y;
const LABEL_NAME = /[a-zA-Z_][a-zA-Z0-9_]*/y;
const LABEL_VALUE = /"((?:[^"\\]|\\[\\"n])*)"/y;
/** The value, perhaps a timestamp, and in OpenMetrics perhaps an exemplar. */
const REST = /^ +(\S+)(?: +-?[0-9.eE+-]+)?(?: +# \{.*)?$/;
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const SPECIAL: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  '+Inf': Number.POSITIVE_INFINITY,
  Inf: Number.POSITIVE_INFINITY,
  '-Inf': Number.NEGATIVE_INFINITY,
};
const ESCAPES: Readonly<Record<string, string>> = { '\\\\': '\\', '\\"': '"', '\\n': '\n' };

/**
 * Reads a metrics page in the Prometheus text format 0.0.4 or in OpenMetrics 1.0, in the order of its lines.
 * Throws METRICS_UNREADABLE with the number of the line for anything that is neither; `source` names the page.
 */
export function parseMetrics(text: string, source = 'the metrics page'): readonly Sample[] {
  const samples: Sample[] = [];
  let ended = false;
  for (const [index, line] of text.split('\n').entries()) {
    if (line === '' || line === '\r') continue;
    const refuse = (what: string) =>
      new MeshError('METRICS_UNREADABLE', `${source}, line ${index + 1}: ${what}: ${line.slice(0, 200)}`);
    if (ended) throw refuse('something follows the end of the page (# EOF)');
    if (line.startsWith('#')) ended = line === '# EOF';
    else samples.push(parseSample(line, refuse));
  }
  return samples;
}

type Refuse = (what: string) => MeshError;

function parseSample(line: string, refuse: Refuse): Sample {
  const name = matchAt(NAME, line, 0)?.[0];
  if (name === undefined) throw refuse('a metric name is expected');
  const labels: Record<string, string> = Object.create(null);
  const at = line[name.length] === '{' ? readLabels(line, name.length + 1, { labels, refuse }) : name.length;
  const rest = REST.exec(line.slice(at));
  const value = rest === null ? undefined : readNumber(rest[1] ?? '');
  if (value === undefined) throw refuse('a number is expected after the name and its labels');
  return { name, labels, value };
}

/** Reads from behind `{` and returns the place behind `}`. */
function readLabels(
  line: string,
  start: number,
  { labels, refuse }: { labels: Record<string, string>; refuse: Refuse },
): number {
  let at = start;
  while (line[at] !== '}') {
    const name = matchAt(LABEL_NAME, line, at)?.[0];
    if (name === undefined || line[at + name.length] !== '=')
      throw refuse('a label (name="value") is expected');
    if (name in labels) throw refuse(`the label ${name} is there twice`);
    at += name.length + 1;
    const quoted = matchAt(LABEL_VALUE, line, at);
    if (quoted === undefined) throw refuse(`the value of label ${name} is expected in quotes`);
    labels[name] = unescapeValue(quoted[1] ?? '');
    at += quoted[0].length;
    if (line[at] === ',') at += 1;
    else if (line[at] !== '}') throw refuse('a comma or a closing brace is expected after a label');
  }
  return at + 1;
}

function matchAt(pattern: RegExp, line: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at;
  return pattern.exec(line) ?? undefined;
}

function unescapeValue(value: string): string {
  return value.includes('\\') ? value.replace(/\\[\\"n]/g, (pair) => ESCAPES[pair] ?? pair) : value;
}

function readNumber(text: string): number | undefined {
  return NUMBER.test(text) ? Number(text) : SPECIAL[text];
}
