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
  /**
   * A logger for another target (`linkerd_app_inbound`), with the same filter and output; `span` goes behind the spans
   * that its lines are in already.
   */
  child(target: string, span?: LogSpan): Logger;
}

/** What lines are part of, outermost first: `inbound`, or `controller{addr=…}`. The name and its fields are fixed. */
export interface LogSpan {
  readonly name: string;
  readonly fields?: Readonly<Record<string, string | number>>;
}

export interface LoggerOptions {
  /** Where the line comes from, as filters name it. */
  readonly target: string;
  /** A level or a filter (see LogFilter), or a filter object that may change while running. Default `info`. */
  readonly level?: string | LogFilter;
  /** Default `plain`. */
  readonly format?: string;
  /** How lines look: `logrus` as the Go controllers write them (the default), `tracing` as the proxy does. */
  readonly style?: 'logrus' | 'tracing';
  readonly write?: (line: string) => void;
}

type Level = Exclude<LogLevel, 'off'>;
interface Line {
  readonly level: Level;
  readonly target: string;
  readonly message: string;
  readonly fields: LogFields;
  readonly spans: Spans;
}

/** The spans of a logger's lines, rendered once. */
interface Spans {
  /** `inbound:server{port=80}: `, or nothing. */
  readonly text: string;
  readonly list: readonly Readonly<Record<string, string | number>>[];
}

const NO_SPANS: Spans = { text: '', list: [] };

/** A logger that writes lines to standard output (or `write`). */
export function createLogger(options: LoggerOptions): Logger {
  const { level = 'info', write } = options;
  const filter = typeof level === 'string' ? new LogFilter(level) : level;
  const form = options.format?.toLowerCase() === 'json' ? 'json' : 'plain';
  const format = FORMATS[options.style ?? 'logrus'][form];
  const emit = (line: Line) => {
    const text = `${format(line)}\n`;
    if (write === undefined) writeStandardOutput(text, isUrgent(line.level));
    else write(text);
  };
  return buildLogger({ target: options.target, spans: NO_SPANS }, filter, emit);
}

type Origin = Pick<Line, 'target' | 'spans'>;

function buildLogger(origin: Origin, filter: LogFilter, emit: (line: Line) => void): Logger {
  const { target, spans } = origin;
  const isEnabled = (level: LogLevel) => levelRank(level) >= levelRank(filter.levelFor(target));
  const at =
    (level: Level) =>
    (message: string, fields: LogFields = {}) => {
      if (isEnabled(level)) emit({ level, target, message, fields, spans });
    };
  return {
    trace: at('trace'),
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    isEnabled,
    child: (childTarget, span) =>
      buildLogger({ target: childTarget, spans: enterSpan(spans, span) }, filter, emit),
  };
}

function enterSpan(outer: Spans, span: LogSpan | undefined): Spans {
  if (span === undefined) return outer;
  const { name, fields = {} } = span;
  const pairs = Object.entries(fields).map(([key, value]) => `${key}=${value}`);
  const own = pairs.length === 0 ? name : `${name}{${pairs.join(' ')}}`;
  const before = outer.text === '' ? '' : outer.text.slice(0, -1);
  return { text: `${before}${own}: `, list: [...outer.list, { ...fields, name }] };
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

/** What logrus calls a level. */
function logrusLevel({ level }: Line): string {
  return level === 'warn' ? 'warning' : level;
}

function formatLogrus(line: Line): string {
  const level = logrusLevel(line);
  let fields = '';
  for (const key in line.fields) fields += ` ${key}=${quoteIfNeeded(renderValue(line.fields[key]))}`;
  return `time="${formatSecond(Date.now())}" level=${level} msg=${JSON.stringify(line.message)}${fields}`;
}

/** One flat object, its keys in order; a field named as one of the three of every line has `fields.` before it. */
function formatLogrusJson(line: Line): string {
  const own: Record<string, unknown> = {
    time: formatSecond(Date.now()),
    level: logrusLevel(line),
    msg: line.message,
  };
  const fields = Object.entries(plainFields(line)).map(
    ([key, value]) => [key in own ? `fields.${key}` : key, value] as const,
  );
  const all = [...Object.entries(own), ...fields];
  return JSON.stringify(Object.fromEntries(all.sort(([a], [b]) => (a < b ? -1 : 1))));
}

function plainFields({ fields }: Line): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [key, value instanceof Error ? value.message : value]),
  );
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

/** Source: facts sheet proxy-wire, section 12. Times up to eleven days stand in one column. */
function formatTracing(line: Line): string {
  const uptime = process.uptime().toFixed(6).padStart(13);
  const fields = Object.entries(line.fields).map(([key, value]) => ` ${key}=${renderValue(value)}`);
  const level = line.level.toUpperCase().padStart(5);
  return `[${uptime}s] ${level} ThreadId(01) ${line.spans.text}${line.target}: ${line.message}${fields.join('')}`;
}

function formatTracingJson(line: Line): string {
  return JSON.stringify({
    timestamp: formatMicros(performance.timeOrigin + performance.now()),
    level: line.level.toUpperCase(),
    fields: { message: line.message, ...plainFields(line) },
    target: line.target,
    spans: line.spans.list,
    threadId: 'ThreadId(1)',
  });
}

/** RFC 3339 with microseconds, in UTC. */
function formatMicros(timeMs: number): string {
  const micros = Math.floor((timeMs % 1) * 1000);
  return `${new Date(timeMs).toISOString().slice(0, -1)}${String(micros).padStart(3, '0')}Z`;
}

const FORMATS = {
  logrus: { plain: formatLogrus, json: formatLogrusJson },
  tracing: { plain: formatTracing, json: formatTracingJson },
} as const;
