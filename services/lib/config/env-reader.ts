import { describeError, MeshError } from '#lib/base';

/** An environment: what `process.env` is, or a map in a test. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** One variable that could not be used. */
export interface EnvProblem {
  readonly name: string;
  readonly message: string;
}

/**
 * Reads variables and collects every problem, so that a user sees all of them at once. An absent variable, an
 * unreadable value and a missing required one are three different things.
 */
export class EnvReader {
  readonly problems: EnvProblem[] = [];
  readonly #env: Environment;

  constructor(env: Environment) {
    this.#env = env;
  }

  /** The raw text, undefined where the variable is not set. An empty text is a value. */
  text(name: string): string | undefined {
    return this.#env[name];
  }

  /** Parses a variable that may be absent. `parse` throws an error whose message says what is wrong. */
  optional<T, D>(name: string, parse: (text: string) => T, fallback: D): T | D {
    const text = this.#env[name];
    if (text === undefined) return fallback;
    try {
      return parse(text);
    } catch (error) {
      this.report(name, `${JSON.stringify(text)} ${describeError(error)}`);
      return fallback;
    }
  }

  /** The same for one that must be there; `fallback` stands in while problems are collected. */
  required<T>(name: string, parse: (text: string) => T, fallback: T): T {
    if (this.#env[name] === undefined) {
      this.report(name, 'is required and not set');
      return fallback;
    }
    return this.optional(name, parse, fallback);
  }

  report(name: string, message: string): void {
    this.problems.push({ name, message });
  }

  /** Throws a MeshError that names every problem, if there is any. */
  check(): void {
    if (this.problems.length === 0) return;
    const list = this.problems.map(({ name, message }) => `${name} ${message}`).join('; ');
    throw new MeshError('INVALID_ENVIRONMENT', `invalid environment: ${list}`);
  }
}
