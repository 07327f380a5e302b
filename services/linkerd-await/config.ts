import { type Millis, parseDuration } from '#lib/base';
import type { Environment } from '#lib/config';
import { AWAIT_DISABLING_ENV, AWAIT_FLAG, AWAIT_VERBOSE_ENV } from './contract.ts';
import { invalidFlag, missingCommand, unknownFlag } from './errors.ts';

/** Everything a run of linkerd-await needs, complete. */
export interface AwaitConfig {
  readonly help: boolean;
  /** The proxy's admin port, on 127.0.0.1. */
  readonly port: number;
  /** The longest wait between two checks. */
  readonly backoffMs: Millis;
  /** Undefined waits for ever. */
  readonly timeoutMs: Millis | undefined;
  /** Whether a timeout keeps the command from running. */
  readonly isTimeoutFatal: boolean;
  /** Tell the proxy to shut down once the command has ended. */
  readonly shutdown: boolean;
  readonly verbose: boolean;
  /** Why not to wait at all; undefined waits. */
  readonly disabledReason: string | undefined;
  /** What to run afterwards, its arguments included; empty runs nothing. */
  readonly command: readonly string[];
}

const DEFAULTS = { port: '4191', backoff: '1s', timeout: '0' } as const;
const BOOLEANS: readonly string[] = [
  AWAIT_FLAG.shutdown,
  AWAIT_FLAG.verbose,
  AWAIT_FLAG.timeoutFatal,
  AWAIT_FLAG.help,
];
const SHORT: Readonly<Record<string, string>> = {
  p: AWAIT_FLAG.port,
  b: AWAIT_FLAG.backoff,
  S: AWAIT_FLAG.shutdown,
  v: AWAIT_FLAG.verbose,
  t: AWAIT_FLAG.timeout,
  h: AWAIT_FLAG.help,
};

interface CommandLine {
  readonly flags: ReadonlyMap<string, string>;
  readonly command: readonly string[];
}

/** Reads the command line and the environment. Throws a MeshError that names the flag, its value and what is wanted. */
export function parseAwaitConfig(argv: readonly string[], env: Environment): AwaitConfig {
  const { flags, command } = readCommandLine(argv);
  const isSet = (flag: string) => parseBoolean(flag, flags.get(flag) ?? 'false');
  const timeoutMs = readDuration(flags, AWAIT_FLAG.timeout);
  const config = {
    help: isSet(AWAIT_FLAG.help),
    port: parsePort(flags.get(AWAIT_FLAG.port) ?? DEFAULTS.port),
    backoffMs: readDuration(flags, AWAIT_FLAG.backoff),
    timeoutMs: timeoutMs === 0 ? undefined : timeoutMs,
    isTimeoutFatal: parseBoolean(AWAIT_FLAG.timeoutFatal, flags.get(AWAIT_FLAG.timeoutFatal) ?? 'true'),
    shutdown: isSet(AWAIT_FLAG.shutdown),
    verbose: isSet(AWAIT_FLAG.verbose) || (env[AWAIT_VERBOSE_ENV] ?? '') !== '',
    disabledReason: AWAIT_DISABLING_ENV.map((name) => env[name]).find((text) => (text ?? '') !== ''),
    command,
  };
  if (command.length === 0 && !config.help) {
    for (const flag of [AWAIT_FLAG.shutdown, AWAIT_FLAG.timeoutFatal])
      if (flags.has(flag)) throw missingCommand(flag);
  }
  return config;
}

/** Flags end where the command begins: after `--`, or at the first word that is no flag. */
function readCommandLine(argv: readonly string[]): CommandLine {
  const flags = new Map<string, string>();
  let index = 0;
  while (index < argv.length) {
    const word = argv[index] ?? '';
    index += 1;
    if (word === '--') break;
    if (!word.startsWith('-')) {
      index -= 1;
      break;
    }
    const { flag, value } = splitFlag(word);
    const needsNext = value === undefined && !BOOLEANS.includes(flag);
    const next = needsNext ? argv[index] : undefined;
    if (needsNext && next === undefined) throw unknownFlag(`--${flag} lacks its value`);
    if (needsNext) index += 1;
    flags.set(flag, value ?? next ?? 'true');
  }
  return { flags, command: argv.slice(index) };
}

/** `--port=1`, `--port`, `-p`, `-p1` and `-p=1`, as clap takes them. */
function splitFlag(word: string): { flag: string; value: string | undefined } {
  const long = /^--([a-z-]+)(?:=(.*))?$/s.exec(word);
  const short = /^-([a-zA-Z])(?:=?(.+))?$/s.exec(word);
  const flag = long === null ? SHORT[short?.[1] ?? ''] : long[1];
  if (flag === undefined || !Object.values<string>(AWAIT_FLAG).includes(flag))
    throw unknownFlag(`unknown flag ${JSON.stringify(word)}`);
  return { flag, value: (long ?? short)?.[2] };
}

function readDuration(flags: ReadonlyMap<string, string>, flag: 'backoff' | 'timeout'): Millis {
  const text = flags.get(flag) ?? DEFAULTS[flag];
  const durationMs = parseDuration(text);
  if (durationMs === undefined) throw invalidFlag(flag, text, 'a duration such as 500ms, 10s or 2m');
  return durationMs;
}

function parseBoolean(flag: string, value: string): boolean {
  if (value === 'true') return true;
  if (value === 'false') return false;
  throw invalidFlag(flag, value, 'true or false');
}

function parsePort(value: string): number {
  const port = Number(value);
  if (!/^\d{1,5}$/.test(value) || port < 1 || port > 65_535)
    throw invalidFlag(AWAIT_FLAG.port, value, 'a port from 1 to 65535');
  return port;
}
