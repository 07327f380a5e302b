import type { FieldPath } from './path.ts';

/** Says what is wrong with the value at a path; says nothing about a value that is right. */
export type Shape = (value: unknown, at: FieldPath, report: Report) => void;
export type Report = (at: FieldPath, problem: string) => void;

/** A value for which `holds` is true; `expected` completes the sentence "expected …, got …". */
export function expecting(expected: string, holds: (value: unknown) => boolean): Shape {
  return (value, at, report) => {
    if (!holds(value)) report(at, `expected ${expected}, got ${describeValue(value)}`);
  };
}

export const text = expecting('a string', (value) => typeof value === 'string');
export const boolean = expecting('true or false', (value) => typeof value === 'boolean');
export const anything: Shape = () => {};

export function oneOf(...values: readonly string[]): Shape {
  return expecting(`one of ${values.join(', ')}`, (value) => values.includes(value as string));
}

export function matching(expected: string, pattern: RegExp, maxLength = 253): Shape {
  return expecting(
    expected,
    (value) => typeof value === 'string' && value.length <= maxLength && pattern.test(value),
  );
}

export function integer(min: number, max: number): Shape {
  const range =
    max === Number.MAX_SAFE_INTEGER ? `a number of at least ${min}` : `a number between ${min} and ${max}`;
  return expecting(range, (value) => Number.isInteger(value) && Number(value) >= min && Number(value) <= max);
}

export function listOf(item: Shape): Shape {
  return (value, at, report) => {
    if (!Array.isArray(value)) return report(at, `expected a list, got ${describeValue(value)}`);
    for (const [index, entry] of value.entries()) item(entry, [...at, index], report);
  };
}

export function mapOf(item: Shape): Shape {
  return (value, at, report) => {
    if (!isRecord(value)) return report(at, `expected a map, got ${describeValue(value)}`);
    for (const [key, entry] of Object.entries(value)) item(entry, [...at, key], report);
  };
}

/** A map with these fields, those of `required` present; other fields may be there and are not looked at. */
export function record(fields: Readonly<Record<string, Shape>>, required: readonly string[] = []): Shape {
  return (value, at, report) => {
    if (!isRecord(value)) return report(at, `expected a map, got ${describeValue(value)}`);
    for (const name of required) if (value[name] === undefined) report([...at, name], 'is required');
    for (const [name, shape] of Object.entries(fields)) {
      if (value[name] !== undefined) shape(value[name], [...at, name], report);
    }
  };
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function describeValue(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (isRecord(value)) return 'a map';
  const json = JSON.stringify(value) ?? 'nothing';
  return json.length > 80 ? `${json.slice(0, 77)}…` : json;
}
