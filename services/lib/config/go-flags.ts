import { parseArgs } from 'node:util';
import { describeError } from '#lib/base';
import { type ListenAddress, parseListenAddress } from './listen-address.ts';

export interface GoFlagOptions {
  /** Upstream's subcommand: skipped where it leads the command line. */
  readonly program: string;
  /** Every flag there is, without dashes. */
  readonly flags: readonly string[];
  /** Those that may stand alone, as in `-help`. */
  readonly booleans: readonly string[];
  /** The error about one flag: `problem` continues its name, as in `is "x"; give it true or false`. */
  readonly refuseFlag: (flag: string, problem: string) => Error;
  /** The error about a command line that cannot be read. */
  readonly refuseFlags: (problem: string, cause: unknown) => Error;
}

/** The flags of a command line; each reader throws the program's own error, about the flag and its value. */
export interface GoFlags {
  /** The flags that were given. */
  readonly given: ReadonlyMap<string, string>;
  text(flag: string, fallback: string): string;
  /** As Go's ParseBool reads it. */
  boolean(flag: string, fallback: boolean): boolean;
  /** A whole number of at least 1. */
  count(flag: string, fallback: number): number;
  address(flag: string, fallback: string): ListenAddress;
}

/** Reads a command line as Go does: one dash or two, `-name value` or `-name=value`; a boolean may stand alone. */
export function readGoFlags(argv: readonly string[], options: GoFlagOptions): GoFlags {
  const given = parseFlags(argv.slice(argv[0] === options.program ? 1 : 0), options);
  const refuse = (flag: string, text: string, wanted: string) =>
    options.refuseFlag(flag, `is "${text}"; give it ${wanted}`);
  return {
    given,
    text: (flag, fallback) => given.get(flag) ?? fallback,
    boolean(flag, fallback) {
      const text = given.get(flag);
      if (text === undefined) return fallback;
      if (/^(?:1|t|T|TRUE|true|True)$/.test(text)) return true;
      if (/^(?:0|f|F|FALSE|false|False)$/.test(text)) return false;
      throw refuse(flag, text, 'true or false');
    },
    count(flag, fallback) {
      const text = given.get(flag);
      if (text === undefined) return fallback;
      if (!/^\d{1,9}$/.test(text) || Number(text) < 1) {
        throw refuse(flag, text, 'a whole number of at least 1');
      }
      return Number(text);
    },
    address(flag, fallback) {
      const text = given.get(flag) ?? fallback;
      const address = parseListenAddress(text);
      if (address === undefined) throw refuse(flag, text, `an address such as ${fallback} or 127.0.0.1:8080`);
      return address;
    },
  };
}

function parseFlags(argv: readonly string[], options: GoFlagOptions): ReadonlyMap<string, string> {
  const args = argv.map((arg) => {
    const long = arg.replace(/^-(?=[a-z])/, '--').replace(/^--h$/, '--help');
    return options.booleans.includes(long.slice(2)) ? `${long}=true` : long;
  });
  try {
    const { values } = parseArgs({
      args,
      options: Object.fromEntries(options.flags.map((flag) => [flag, { type: 'string' as const }])),
      strict: true,
    });
    return new Map(Object.entries(values).map(([flag, value]) => [flag, String(value)]));
  } catch (error) {
    throw options.refuseFlags(describeError(error).split('\n')[0] ?? '', error);
  }
}
