import { isIP } from 'node:net';
import { parseArgs } from 'node:util';
import { describeError, type Millis, parseDuration } from '#lib/base';
import type { Environment } from '#lib/config';
import { LogFilter } from '#lib/telemetry';
import { VALIDATOR_DEFAULT, VALIDATOR_ENV, VALIDATOR_FLAG } from './contract.ts';
import { invalidFlag, unknownFlag } from './errors.ts';

/** An IP address and a port; as text `10.0.0.1:80` or `[fd00::1]:80`. */
export interface SocketAddress {
  readonly host: string;
  readonly port: number;
  readonly text: string;
}

/** Everything a run of the validator needs, complete. */
export interface ValidatorConfig {
  readonly help: boolean;
  /** Where connections are led to, if the redirection works. */
  readonly listenAddress: SocketAddress;
  /** Where to connect to: an address that is nobody's. */
  readonly connectAddress: SocketAddress;
  readonly timeoutMs: Millis;
  readonly logFormat: 'plain' | 'json';
  readonly logLevel: LogFilter;
}

type Flags = Readonly<Partial<Record<string, string>>>;

/** Reads the command line and the environment. Throws a MeshError that names the flag, its value and what is wanted. */
export function parseValidatorConfig(argv: readonly string[], env: Environment): ValidatorConfig {
  const flags = readFlags(argv);
  const { listenAddr, connectAddr, timeout, logFormat, logLevel, help } = VALIDATOR_FLAG;
  return {
    help: flags[help] !== undefined,
    listenAddress: parseAddress(listenAddr, flags[listenAddr] ?? VALIDATOR_DEFAULT.listenAddr),
    connectAddress: parseAddress(connectAddr, flags[connectAddr] ?? VALIDATOR_DEFAULT.connectAddr),
    timeoutMs: parseTimeout(flags[timeout] ?? VALIDATOR_DEFAULT.timeout),
    logFormat: parseLogFormat(flags[logFormat] ?? env[VALIDATOR_ENV.logFormat] ?? 'plain'),
    logLevel: parseLogFilter(flags[logLevel] ?? env[VALIDATOR_ENV.logLevel] ?? 'info'),
  };
}

function readFlags(argv: readonly string[]): Flags {
  const names = Object.values(VALIDATOR_FLAG).filter((name) => name !== VALIDATOR_FLAG.help);
  const options = Object.fromEntries(names.map((name) => [name, { type: 'string' as const }]));
  const args = argv.map((arg) => (arg === '-h' ? '--help' : arg));
  try {
    const help = { type: 'boolean' as const };
    const { values } = parseArgs({ args, options: { ...options, help }, strict: true });
    return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)]));
  } catch (error) {
    throw unknownFlag(describeError(error));
  }
}

function parseAddress(flag: string, text: string): SocketAddress {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([0-9.]+)):(\d{1,5})$/.exec(text);
  const [host, port] = [match?.[1] ?? match?.[2] ?? '', Number(match?.[3])];
  const isRightFamily = isIP(host) === (match?.[1] === undefined ? 4 : 6);
  if (match === null || !isRightFamily || port > 65_535)
    throw invalidFlag(flag, text, 'an IP address and a port, such as 192.0.2.2:1404 or [fd00::1]:20001');
  return { host, port, text };
}

function parseTimeout(text: string): Millis {
  const timeoutMs = parseDuration(text);
  if (timeoutMs === undefined || timeoutMs === 0)
    throw invalidFlag(VALIDATOR_FLAG.timeout, text, 'a duration such as 500ms, 10s or 2m');
  return timeoutMs;
}

function parseLogFormat(text: string): 'plain' | 'json' {
  if (text !== 'plain' && text !== 'json') throw invalidFlag(VALIDATOR_FLAG.logFormat, text, 'plain or json');
  return text;
}

function parseLogFilter(text: string): LogFilter {
  try {
    return new LogFilter(text);
  } catch (error) {
    throw invalidFlag(VALIDATOR_FLAG.logLevel, text, `a level such as info (${describeError(error)})`);
  }
}
