import { LogFilter, type LogLevel, levelRank } from './log-filter.ts';
import { writeStandardOutput } from './standard-output.ts';

/** Values beside the message of a log line. */
export type LogFields = Readonly<Record<string, unknown>>;

export interface Logger {
  trace(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  isEnabled(level: LogLevel): boolean;
  /** A logger for another target (`linkerd_app_inbound`), with the same filter and output. */
  child(target: string): Logger;
}

export interface LoggerOptions {
  /** Where the line comes from, as filters name it. */
  readonly target: string;
  /** A level or a filter (see LogFilter), or a filter object that may change while running. Default `info`. */
  readonly level?: string | LogFilter;
  /** Default `plain`. */
  readonly format?: string;
  /** How plain lines look: `logrus` as the Go controllers write them (the default), `tracing` as the proxy does. */
  readonly style?: 'logrus' | 'tracing';
  readonly write?: (line: string) => void;
}

type Level = Exclude<LogLevel, 'off'>;
interface Line {
  readonly level: Level;
  readonly target: string;
  readonly message: string;
  readonly fields: LogFields;
}

/** A logger that writes lines to standard output (or `write`). */
export function createLogger(options: LoggerOptions): Logger {
  const { level = 'info', write } = options;
  const filter = typeof level === 'string' ? new LogFilter(level) : level;
  const plain = options.style === 'tracing' ? formatTracing : formatLogrus;
  const format = options.format?.toLowerCase() === 'json' ? formatJson : plain;
  return buildLogger(options.target, filter, (line) => {
    const text = `${format(line)}\n`;
    if (write === undefined) writeStandardOutput(text, isUrgent(line.level));
    else write(text);
  });
}

function buildLogger(target: string, filter: LogFilter, emit: (line: Line) => void): Logger {
  const isEnabled = (level: LogLevel) => levelRank(level) >= levelRank(filter.levelFor(target));
  const at =
    (level: Level) =>
    (message: string, fields: LogFields = {}) => {
      if (isEnabled(level)) emit({ level, target, message, fields });
    };
  return {
    trace: at('trace'),
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    isEnabled,
    child: (childTarget) => buildLogger(childTarget, filter, emit),
  };
}

/** Perhaps the last words. */
function isUrgent(level: Level): boolean {
  return levelRank(level) >= levelRank('warn');
}

function renderValue(value: unknown): string {
  if (value instanceof Error) return value.message;
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
}

function quoteIfNeeded(text: string): string {
  return /^[\w.:/@+-]+$/.test(text) ? text : JSON.stringify(text);
}

function formatLogrus(line: Line): string {
  const level = line.level === 'warn' ? 'warning' : line.level;
  let fields = '';
  for (const key in line.fields) fields += ` ${key}=${quoteIfNeeded(renderValue(line.fields[key]))}`;
  return `time="${formatSecond(Date.now())}" level=${level} msg=${JSON.stringify(line.message)}${fields}`;
}

let lastSecond = 0;
let lastSecondText = '';

/** Lines come in crowds: the text of a second is made once. */
function formatSecond(nowMs: number): string {
  const second = Math.floor(nowMs / 1000);
  if (second !== lastSecond) {
    lastSecond = second;
    lastSecondText = new Date(second * 1000).toISOString().replace('.000Z', 'Z');
  }
  return lastSecondText;
}

function formatTracing(line: Line): string {
  const uptime = process.uptime().toFixed(6).padStart(12);
  const fields = Object.entries(line.fields).map(([key, value]) => ` ${key}=${renderValue(value)}`);
  return `[${uptime}s] ${line.level.toUpperCase().padStart(5)} ThreadId(01) ${line.target}: ${line.message}${fields.join('')}`;
}

function formatJson(line: Line): string {
  const fields = Object.fromEntries(
    Object.entries(line.fields).map(([key, value]) => [key, value instanceof Error ? value.message : value]),
  );
  return JSON.stringify({
    timestamp: new Date().toISOString(),
    level: line.level.toUpperCase(),
    fields: { message: line.message, ...fields },
    target: line.target,
    threadId: 'ThreadId(1)',
  });
}
