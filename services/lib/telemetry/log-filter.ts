import { MeshError } from '#lib/base';

/** Log levels, least severe first; `off` is above all. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'off'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

const ALIASES: Readonly<Record<string, LogLevel>> = {
  warning: 'warn',
  err: 'error',
  fatal: 'error',
  panic: 'error',
};

/** The rank of a level: a message is written when its rank is at least that of the filter. */
export function levelRank(level: LogLevel): number {
  return LOG_LEVELS.indexOf(level);
}

/** Parses one level name, in any case; undefined for anything else. */
export function parseLogLevel(text: string): LogLevel | undefined {
  const name = text.trim().toLowerCase();
  return LOG_LEVELS.find((level) => level === name) ?? ALIASES[name];
}

/** A filter in the syntax of Rust's tracing: `warn,linkerd=info,linkerd_tls=off`; the longest prefix wins. */
export class LogFilter {
  #text = '';
  #default: LogLevel = 'error';
  #targets: { prefix: string; level: LogLevel }[] = [];

  constructor(text: string) {
    this.set(text);
  }

  get text(): string {
    return this.#text;
  }

  /** Replaces the filter. Throws a MeshError that names the directive it cannot read; the old filter stays then. */
  set(text: string): void {
    let fallback: LogLevel = 'error';
    const targets: { prefix: string; level: LogLevel }[] = [];
    for (const directive of text.split(',').map((part) => part.trim())) {
      if (directive === '') continue;
      const equals = directive.lastIndexOf('=');
      const level = parseLogLevel(equals < 0 ? directive : directive.slice(equals + 1));
      if (level === undefined) {
        throw new MeshError(
          'LOG_FILTER',
          `log filter "${text}": "${directive}" does not end in one of ${LOG_LEVELS.join(', ')}`,
        );
      }
      if (equals < 0) fallback = level;
      else targets.push({ prefix: directive.slice(0, equals).trim(), level });
    }
    this.#text = text;
    this.#default = fallback;
    // A filter on spans or fields (`[{headers}]=off`) names no target, so it can match none.
    this.#targets = targets.filter((target) => !target.prefix.startsWith('['));
    this.#targets.sort((a, b) => b.prefix.length - a.prefix.length);
  }

  levelFor(target: string): LogLevel {
    return this.#targets.find(({ prefix }) => target.startsWith(prefix))?.level ?? this.#default;
  }
}
