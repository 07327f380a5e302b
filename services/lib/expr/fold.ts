import { createHash } from 'node:crypto';
import { MeshError } from '#lib/base';
import type { Operation } from './expression.ts';

/** Nothing to a Helm template: what `if` takes for false (Go text/template, "Actions"). */
export function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === 0 || value === '') return true;
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

/** Keys in the order of their bytes, as Go sorts them. */
export function sortedKeys(map: object): string[] {
  return Object.keys(map).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function asMap(value: unknown): Readonly<Record<string, unknown>> {
  return isMap(value) ? value : {};
}

/** Later maps win; maps within them are merged likewise. */
function mergeDeep(maps: readonly unknown[]): Record<string, unknown> {
  const merged: Record<string, unknown> = {};
  for (const map of maps) {
    for (const [key, value] of Object.entries(asMap(map))) {
      const before = merged[key];
      merged[key] = isMap(before) && isMap(value) ? mergeDeep([before, value]) : value;
    }
  }
  return merged;
}

function deepSorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(deepSorted);
  if (!isMap(value)) return value;
  return Object.fromEntries(sortedKeys(value).map((key) => [key, deepSorted(value[key])]));
}

function toPairs(args: readonly unknown[]): Record<string, unknown> {
  const map: Record<string, unknown> = {};
  for (let i = 0; i + 1 < args.length; i += 2) map[String(args[i])] = args[i + 1];
  return map;
}

/** Text as a template has it: nothing where there is no value. */
function toText(value: unknown): string {
  return value === undefined || value === null ? '' : String(value);
}

/** As Go's `%v` writes it: Helm holds numbers as floats, and a million reads 1e+06 (strconv, format 'g'). */
function toGoText(value: unknown): string {
  if (typeof value !== 'number' || value === 0) return String(value);
  const [digits = '', exponent = '0'] = value.toExponential().split('e');
  const power = Number(exponent);
  if (power >= -4 && power < 6) return String(value);
  return `${digits}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
}

/** What Go's strings.TrimSpace takes for white space: not quite what JavaScript's trim does. */
const GO_SPACE = '[\\t\\n\\v\\f\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]+';
const OUTER_SPACE = new RegExp(`^${GO_SPACE}|${GO_SPACE}$`, 'g');

function omitPath(map: unknown, path: readonly unknown[]): Record<string, unknown> {
  const [first, ...rest] = path.map(String);
  if (first === undefined) return { ...asMap(map) };
  const { [first]: inner, ...others } = asMap(map);
  return rest.length === 0 ? others : { ...others, [first]: omitPath(inner, rest) };
}

/** Go's encoder escapes these two also where it leaves HTML alone. */
function toRawJson(value: unknown): string {
  return JSON.stringify(deepSorted(value ?? null)).replace(/[\u2028\u2029]/g, (char) =>
    char === '\u2028' ? '\\u2028' : '\\u2029',
  );
}

/** What each operation yields for known arguments: the same as what Helm makes of its printed form. */
export const FOLD: Readonly<Record<Operation, (args: readonly unknown[]) => unknown>> = {
  text: (args) => args.map(toText).join(''),
  eq: ([a, b]) => a === b,
  atLeast: ([a, b]) => Number(a) >= Number(b),
  not: ([a]) => isEmpty(a),
  and: (args) => args.every((arg) => !isEmpty(arg)),
  or: (args) => args.some((arg) => !isEmpty(arg)),
  isSet: ([a]) => !isEmpty(a),
  choose: ([condition, yes, no]) => (isEmpty(condition) ? no : yes),
  defaultTo: ([value, fallback]) => (isEmpty(value) ? fallback : value),
  fieldOf: ([map, key]) => asMap(map)[String(key)] ?? null,
  joinText: ([separator, list]) =>
    (Array.isArray(list) ? list : [])
      .filter((item) => item !== undefined && item !== null)
      .map(toGoText)
      .join(String(separator)),
  joinEntries: ([map, between, after]) => {
    const entries = asMap(map);
    return sortedKeys(entries)
      .map((key) => `${key}${between}${toText(entries[key])}${after}`)
      .join('');
  },
  trim: ([text]) => toText(text).replace(OUTER_SPACE, ''),
  spelled: ([value]) => (isEmpty(value) ? '' : toText(value)),
  upperSnake: ([text]) =>
    toText(text)
      .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
      .toUpperCase(),
  sha256: ([text]) => createHash('sha256').update(toText(text)).digest('hex'),
  base64: ([text]) => Buffer.from(toText(text)).toString('base64'),
  // JSON is YAML; Helm prints the block form of the same data.
  yamlText: ([value]) => `${JSON.stringify(deepSorted(value), null, 2)}\n`,
  jsonText: ([value]) => toRawJson(value),
  mapOf: toPairs,
  mergeMaps: mergeDeep,
  omitKeys: ([map, ...keys]) =>
    Object.fromEntries(Object.entries(asMap(map)).filter(([key]) => !keys.includes(key))),
  omitPath: ([map, ...path]) => omitPath(map, path),
  required: ([message, value]) => {
    if (value === undefined || value === null || value === '') {
      throw new MeshError('CHART_VALUE_REQUIRED', String(message));
    }
    return value;
  },
};
