import { isRecord } from '../admission-review.ts';

/** Reads one value after the other and notes what is wrong, so that all of it can be told at once. */
export interface ValueReader {
  /** One sentence for each value that cannot be used, the key first. */
  readonly problems: readonly string[];
  /** Text, where numbers and booleans are taken as they are spelled. Absent is empty. */
  text(key: string): string;
  /** Text that must be there. */
  requiredText(key: string): string;
  oneOf<T extends string>(key: string, choices: readonly T[]): T;
  boolean(key: string, fallback: boolean): boolean;
  /** A whole number from `min` to `max`; `fallback` where it is absent, and an error without one. */
  integer(key: string, range: IntegerRange): number;
  /** Any number from 0 on; null where it is absent. */
  numberOrNull(key: string): number | null;
  /** Empty where it is absent. */
  map(key: string): Readonly<Record<string, unknown>>;
  /** Empty where it is absent. */
  list(key: string): readonly unknown[];
  refuse(key: string, value: unknown, wanted: string): void;
}

export interface IntegerRange {
  readonly min: number;
  readonly max: number;
  readonly fallback?: number;
}

/** A reader of dotted keys such as `proxy.ports.admin`. Null is absent. */
export function createValueReader(root: unknown): ValueReader {
  const problems: string[] = [];
  const refuse = (key: string, value: unknown, wanted: string) => {
    const what = value === undefined ? 'is missing' : `is ${describe(value)}`;
    problems.push(`${key} ${what}; give it ${wanted}`);
  };
  const find = (key: string): unknown => {
    let value: unknown = root;
    for (const step of key.split('.')) value = isRecord(value) ? value[step] : undefined;
    return value ?? undefined;
  };
  const text = (key: string) => {
    const value = find(key);
    if (value === undefined) return '';
    if (['string', 'number', 'boolean'].includes(typeof value)) return String(value);
    refuse(key, value, 'a text');
    return '';
  };
  return {
    problems,
    refuse,
    text,
    requiredText(key) {
      const found = text(key);
      if (found === '' && problems.at(-1)?.startsWith(`${key} `) !== true) refuse(key, find(key), 'a text');
      return found;
    },
    oneOf(key, choices) {
      const found = text(key);
      const choice = choices.find((candidate) => candidate === found);
      if (choice === undefined) refuse(key, find(key), choices.join(' or '));
      return choice ?? (choices[0] as (typeof choices)[number]);
    },
    boolean: (key, fallback) =>
      readBoolean(find(key), fallback, (value, wanted) => refuse(key, value, wanted)),
    integer: (key, range) => readInteger(find(key), range, (value, wanted) => refuse(key, value, wanted)),
    numberOrNull: (key) => readNumber(find(key), (value, wanted) => refuse(key, value, wanted)),
    map(key) {
      const value = find(key) ?? {};
      if (isRecord(value)) return value;
      refuse(key, value, 'a map');
      return {};
    },
    list(key) {
      const value = find(key) ?? [];
      if (Array.isArray(value)) return value;
      refuse(key, value, 'a list');
      return [];
    },
  };
}

type Refuse = (value: unknown, wanted: string) => void;

function readBoolean(value: unknown, fallback: boolean, refuse: Refuse): boolean {
  if (value === undefined || value === '') return fallback;
  if (typeof value === 'boolean' || value === 'true' || value === 'false') return String(value) === 'true';
  refuse(value, 'true or false');
  return fallback;
}

function readNumber(value: unknown, refuse: Refuse): number | null {
  if (value === undefined || value === '') return null;
  const number = Number(value);
  if (Number.isFinite(number) && number >= 0 && typeof value !== 'boolean') return number;
  refuse(value, 'a number');
  return null;
}

function readInteger(value: unknown, { min, max, fallback }: IntegerRange, refuse: Refuse): number {
  if (value === undefined && fallback !== undefined) return fallback;
  const isNumeric = typeof value === 'number' || (typeof value === 'string' && /^-?\d+$/.test(value));
  const number = Number(value);
  if (isNumeric && Number.isSafeInteger(number) && number >= min && number <= max) return number;
  refuse(value, `a whole number from ${min} to ${max}`);
  return fallback ?? min;
}

function describe(value: unknown): string {
  if (typeof value === 'string') return `"${value.slice(0, 100)}"`;
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'a map' : String(value);
}
