import { parseArgs } from 'node:util';
import { describeError } from '#lib/base';
import { DESTINATION_FLAG } from './contract.ts';
import { refuseFlag, refuseFlags } from './errors.ts';

/** Reads the values of flags; all of them throw a MeshError that names the flag and its value. */
export interface FlagReader {
  text(flag: string, fallback: string): string;
  /** As Go's ParseBool reads it. */
  boolean(flag: string, fallback: boolean): boolean;
  /** A whole number of at least 1. */
  count(flag: string, fallback: number): number;
  address(flag: string, fallback: string): ListenAddress;
}

/** An address to listen on; no host means every address of the machine. */
export interface ListenAddress {
  readonly host: string | undefined;
  readonly port: number;
}

const BOOLEANS: readonly string[] = [
  DESTINATION_FLAG.enableH2Upgrade,
  DESTINATION_FLAG.enableEndpointSlices,
  DESTINATION_FLAG.enableIpv6,
  DESTINATION_FLAG.extEndpointZoneWeights,
  DESTINATION_FLAG.exportQueueMetrics,
  DESTINATION_FLAG.enablePprof,
  DESTINATION_FLAG.help,
];

/** As Go reads flags: one or two dashes; a boolean may stand alone. A leading `destination`, upstream's subcommand, is skipped. */
export function readFlags(argv: readonly string[]): FlagReader {
  const values = parseFlags(argv.slice(argv[0] === 'destination' ? 1 : 0));
  return {
    text: (flag, fallback) => values.get(flag) ?? fallback,
    boolean(flag, fallback) {
      const text = values.get(flag);
      if (text === undefined) return fallback;
      if (/^(?:1|t|T|TRUE|true|True)$/.test(text)) return true;
      if (/^(?:0|f|F|FALSE|false|False)$/.test(text)) return false;
      throw refuseFlag(flag, `is "${text}"; give it true or false`);
    },
    count(flag, fallback) {
      const text = values.get(flag);
      if (text === undefined) return fallback;
      if (!/^\d{1,9}$/.test(text) || Number(text) < 1) {
        throw refuseFlag(flag, `is "${text}"; give it a whole number of at least 1`);
      }
      return Number(text);
    },
    address(flag, fallback) {
      const text = values.get(flag) ?? fallback;
      const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(text);
      if (match === null || Number(match[3]) > 65_535) {
        throw refuseFlag(flag, `is "${text}"; give it an address such as :8086 or 127.0.0.1:8086`);
      }
      return { host: match[1] || match[2] || undefined, port: Number(match[3]) };
    },
  };
}

function parseFlags(argv: readonly string[]): ReadonlyMap<string, string> {
  const args = argv.map((arg) => {
    const long = arg.replace(/^-(?=[a-z])/, '--').replace(/^--h$/, '--help');
    return BOOLEANS.includes(long.slice(2)) ? `${long}=true` : long;
  });
  const options = Object.fromEntries(
    Object.values(DESTINATION_FLAG).map((flag) => [flag, { type: 'string' as const }]),
  );
  try {
    const { values } = parseArgs({ args, options, strict: true });
    return new Map(Object.entries(values).map(([flag, value]) => [flag, String(value)]));
  } catch (error) {
    throw refuseFlags(describeError(error).split('\n')[0] ?? '', error);
  }
}
