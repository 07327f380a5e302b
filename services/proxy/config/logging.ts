import type { EnvReader } from '#lib/config';
import { LOG_LEVELS, LogFilter } from '#lib/telemetry';
import { name } from './environment.ts';

export const ACCESS_LOG_FORMATS = ['apache', 'json'] as const;
export type AccessLogFormat = (typeof ACCESS_LOG_FORMATS)[number];

export interface LoggingConfig {
  readonly log: string;
  readonly logFormat: 'PLAIN' | 'JSON';
  /** Undefined for none. */
  readonly accessLog: AccessLogFormat | undefined;
}

const DEFAULT_LOG = 'warn,linkerd=info,hickory=error';

export function readLogging(env: EnvReader, warnings: string[]): LoggingConfig {
  return {
    log: env.optional(name('LOG'), parseLogFilterValue, DEFAULT_LOG),
    logFormat: readFormat(env, warnings),
    accessLog: env.optional(name('ACCESS_LOG'), parseAccessLogValue, undefined),
  };
}

/** A line in another form is better than no proxy. Source: facts sheet proxy-env, "Value syntaxes". */
function readFormat(env: EnvReader, warnings: string[]): 'PLAIN' | 'JSON' {
  const text = env.text(name('LOG_FORMAT')) ?? 'PLAIN';
  const format = text.toUpperCase();
  if (format === 'PLAIN' || format === 'JSON') return format;
  warnings.push(`${name('LOG_FORMAT')} ${JSON.stringify(text)} is neither PLAIN nor JSON; using PLAIN`);
  return 'PLAIN';
}

function parseLogFilterValue(text: string): string {
  try {
    return new LogFilter(text).text;
  } catch {
    throw new Error(`is not a list of levels (${LOG_LEVELS.join(', ')}) such as warn,linkerd=info`);
  }
}

function parseAccessLogValue(text: string): AccessLogFormat {
  const format = ACCESS_LOG_FORMATS.find((known) => known === text.toLowerCase());
  if (format === undefined) throw new Error(`is neither ${ACCESS_LOG_FORMATS.join(' nor ')}`);
  return format;
}
