import { MeshError } from '#lib/base';
import { sortedKeys } from '#lib/expr';

/** A value as Go's text/template writes constants. */
export function printLiteral(value: unknown): string {
  if (value === null || value === undefined) return 'nil';
  if (typeof value === 'string') return printGoText(value);
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return `(${['list', ...value.map(printLiteral)].join(' ')})`;
  if (typeof value !== 'object') throw notPrintable(value);
  const map = value as Readonly<Record<string, unknown>>;
  return `(${['dict', ...sortedKeys(map).flatMap((key) => [printGoText(key), printLiteral(map[key])])].join(' ')})`;
}

/** JSON's escapes are Go's too, but for lone surrogates, which UTF-8 can't hold. */
export function printGoText(text: string): string {
  if (!text.isWellFormed()) throw notPrintable(text);
  return JSON.stringify(text);
}

function notPrintable(value: unknown): MeshError {
  return new MeshError('CHART_UNPRINTABLE', `${JSON.stringify(value)} has no form in a Helm template.`);
}
