import { parseDuration } from '#lib/base';

export type Annotations = Readonly<Record<string, string>>;

/** Why one annotation cannot be read. */
export class AnnotationError extends Error {
  constructor(key: string, text: string, expects: string) {
    super(`annotation ${key}: "${text}" is not ${expects}`);
    this.name = 'AnnotationError';
  }
}

export interface AnnotationSyntax<T> {
  readonly expects: string;
  readonly parse: (text: string) => T | undefined;
}

/** The value of an annotation, undefined when it is absent. Throws an AnnotationError. */
export function readAnnotation<T>(
  annotations: Annotations,
  key: string,
  syntax: AnnotationSyntax<T>,
): T | undefined {
  const text = annotations[key];
  if (text === undefined) return undefined;
  const value = syntax.parse(text.trim());
  if (value === undefined) throw new AnnotationError(key, text, syntax.expects);
  return value;
}

/** Milliseconds; not Go's grammar. Source: facts sheet control-plane, section 3.4. */
export const DURATION: AnnotationSyntax<number> = {
  expects: 'a duration: a whole number with ms, s, m, h or d',
  parse: parseDuration,
};

const WORDS: Readonly<Record<string, boolean>> = {
  ...Object.fromEntries(['1', 't', 'T', 'true', 'TRUE', 'True'].map((word) => [word, true])),
  ...Object.fromEntries(['0', 'f', 'F', 'false', 'FALSE', 'False'].map((word) => [word, false])),
};

export const BOOL: AnnotationSyntax<boolean> = { expects: 'true or false', parse: (text) => WORDS[text] };

export function wholeNumber(max: number): AnnotationSyntax<number> {
  return {
    expects: `a whole number from 0 to ${max}`,
    parse: (text) => (/^\d{1,15}$/.test(text) && Number(text) <= max ? Number(text) : undefined),
  };
}

export function decimal(max: number): AnnotationSyntax<number> {
  return {
    expects: `a number from 0 to ${max}`,
    parse: (text) => (/^(\d+\.?\d*|\.\d+)$/.test(text) && Number(text) <= max ? Number(text) : undefined),
  };
}
