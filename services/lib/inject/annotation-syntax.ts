import { parseGoDuration } from '#lib/base';
import { type EnvVar, parseQuantity, readPortSet } from '#lib/resources';

/** How a value is written: `parse` returns undefined for what is not `expects`. */
export interface Syntax<T> {
  readonly expects: string;
  readonly parse: (text: string) => T | undefined;
}

export const TEXT: Syntax<string> = { expects: 'a text', parse: (text) => text };

/** Go's ParseBool. */
const BOOLS: Readonly<Record<string, boolean>> = {
  ...Object.fromEntries(['1', 't', 'T', 'true', 'TRUE', 'True'].map((word) => [word, true])),
  ...Object.fromEntries(['0', 'f', 'F', 'false', 'FALSE', 'False'].map((word) => [word, false])),
};

export const BOOL: Syntax<boolean> = { expects: 'true or false', parse: (text) => BOOLS[text] };

export const SWITCH: Syntax<boolean> = {
  expects: 'enabled or disabled',
  parse: (text) => ({ enabled: true, disabled: false })[text],
};

export const PORT: Syntax<number> = {
  expects: 'a port from 1 to 65535',
  parse: (text) => {
    const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
    return port >= 1 && port <= 65_535 ? port : undefined;
  },
};

export const INTEGER: Syntax<number> = {
  expects: 'a whole number',
  parse: (text) => (/^-?\d{1,15}$/.test(text) ? Number(text) : undefined),
};

export const COUNT: Syntax<number> = {
  expects: 'a whole number, 0 or more',
  parse: (text) => (/^\d{1,15}$/.test(text) ? Number(text) : undefined),
};

/** A share between 0 and 1, both excluded. */
export const RATIO: Syntax<number> = {
  expects: 'a number above 0 and below 1',
  parse: (text) => {
    const ratio = /^\d*\.?\d+$/.test(text) ? Number(text) : Number.NaN;
    return ratio > 0 && ratio < 1 ? ratio : undefined;
  },
};

export const PORTS: Syntax<string> = {
  expects: 'a comma list of ports and ranges such as 25,8000-8010',
  parse: (text) => {
    const { ports, errors } = readPortSet(text);
    return errors.length === 0 ? ports.toString() : undefined;
  },
};

export const QUANTITY: Syntax<string> = {
  expects: 'a quantity such as 100m or 250Mi',
  parse: (text) => (parseQuantity(text) === undefined ? undefined : text),
};

/** Milliseconds, not negative. */
export const GO_DURATION: Syntax<number> = {
  expects: 'a duration such as 500ms or 1m30s',
  parse: (text) => {
    const ms = parseGoDuration(text);
    return ms !== undefined && ms >= 0 ? ms : undefined;
  },
};

export function oneOf<const T extends string>(...words: readonly T[]): Syntax<T> {
  return { expects: `one of ${words.join(', ')}`, parse: (text) => words.find((word) => word === text) };
}

export const ENV_LIST: Syntax<EnvVar[]> = {
  expects: 'a JSON list of environment variables, each with a name',
  parse: (text) => {
    try {
      const list: unknown = JSON.parse(text);
      return Array.isArray(list) && list.every(isEnvVar) ? list : undefined;
    } catch {
      return undefined;
    }
  },
};

function isEnvVar(item: unknown): item is EnvVar {
  if (typeof item !== 'object' || item === null || !('name' in item)) return false;
  const hasValue = !('value' in item) || typeof item.value === 'string';
  return typeof item.name === 'string' && item.name !== '' && hasValue;
}
