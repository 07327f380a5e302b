import { isIP } from 'node:net';
import { parseArgs } from 'node:util';
import { FLAG } from './contract.ts';
import { type PortRange, parsePortRanges } from './core/ports.ts';
import type { FirewallSettings } from './core/rules.ts';
import { invalidFlag, unknownFlag } from './errors.ts';

/** Everything a run of proxy-init needs, complete. */
export interface Config {
  readonly help: boolean;
  readonly settings: FirewallSettings;
  /** Print what would be run, and run nothing. */
  readonly simulate: boolean;
  /** Path of the network namespace to work in; undefined is the process's own. */
  readonly netns: string | undefined;
  /** Wait for the lock of the tables instead of failing when somebody else holds it. */
  readonly useWaitFlag: boolean;
  /** Seconds that conntrack keeps a half-closed connection; undefined leaves the kernel's value. */
  readonly closeWaitTimeoutSecs: number | undefined;
  readonly firewallBin: string;
  readonly firewallSaveBin: string;
  readonly ipv6: boolean;
  readonly logFormat: 'plain' | 'json';
  readonly logLevel: string;
}

const BOOLEANS: readonly string[] = [FLAG.simulate, FLAG.useWaitFlag, FLAG.ipv6, 'help'];

const SHORT: Readonly<Record<string, string>> = {
  [FLAG.incomingProxyPort]: 'p',
  [FLAG.outgoingProxyPort]: 'o',
  [FLAG.proxyUid]: 'u',
  [FLAG.proxyGid]: 'g',
  [FLAG.portsToRedirect]: 'r',
  [FLAG.useWaitFlag]: 'w',
};

/** Reads the command line. Throws a MeshError that names the flag, its value and what is wanted. */
export function parseConfig(argv: readonly string[]): Config {
  const values = readFlags(argv);
  const text = (flag: string, fallback: string) => values.get(flag) ?? fallback;
  return {
    help: parseBoolean('help', text('help', 'false')),
    settings: parseSettings(text),
    simulate: parseBoolean(FLAG.simulate, text(FLAG.simulate, 'false')),
    netns: text(FLAG.netns, '') === '' ? undefined : text(FLAG.netns, ''),
    useWaitFlag: parseBoolean(FLAG.useWaitFlag, text(FLAG.useWaitFlag, 'false')),
    closeWaitTimeoutSecs: parseOptionalCount(FLAG.timeoutCloseWaitSecs, text(FLAG.timeoutCloseWaitSecs, '0')),
    firewallBin: text(FLAG.firewallBinPath, 'iptables-legacy'),
    firewallSaveBin: text(FLAG.firewallSaveBinPath, 'iptables-legacy-save'),
    ipv6: parseBoolean(FLAG.ipv6, text(FLAG.ipv6, 'true')),
    logFormat: text(FLAG.logFormat, 'plain') === 'json' ? 'json' : 'plain',
    logLevel: text(FLAG.logLevel, 'info'),
  };
}

type FlagReader = (flag: string, fallback: string) => string;

function parseSettings(text: FlagReader): FirewallSettings {
  const ranges = (flag: string) => parseRanges(flag, text(flag, ''));
  return {
    incomingProxyPort: parsePort(FLAG.incomingProxyPort, text(FLAG.incomingProxyPort, '4143')),
    outgoingProxyPort: parsePort(FLAG.outgoingProxyPort, text(FLAG.outgoingProxyPort, '4140')),
    proxyUid: parseUid(text(FLAG.proxyUid, '2102')),
    proxyGid: parseOptionalCount(FLAG.proxyGid, text(FLAG.proxyGid, '-1')),
    portsToRedirect: ranges(FLAG.portsToRedirect),
    inboundPortsToIgnore: ranges(FLAG.inboundPortsToIgnore),
    outboundPortsToIgnore: ranges(FLAG.outboundPortsToIgnore),
    subnetsToIgnore: parseSubnets(text(FLAG.subnetsToIgnore, '')),
  };
}

/** As Go reads flags: a boolean may stand alone or carry `=true` or `=false`; the last one of a name wins. */
function readFlags(argv: readonly string[]): Map<string, string> {
  const options = Object.fromEntries(
    [...Object.values(FLAG), 'help'].map((flag) => {
      const short = flag === 'help' ? 'h' : SHORT[flag];
      return [flag, { type: 'string' as const, ...(short === undefined ? {} : { short }) }];
    }),
  );
  const args = argv.map((arg) => (arg === '-h' ? '--help' : arg === '-w' ? '--use-wait-flag' : arg));
  const spelled = args.map((arg) => (BOOLEANS.includes(arg.replace(/^--/, '')) ? `${arg}=true` : arg));
  try {
    const { values } = parseArgs({ args: spelled, options, strict: true, allowNegative: false });
    return new Map(
      Object.entries(values).flatMap(([flag, value]) => (value === undefined ? [] : [[flag, `${value}`]])),
    );
  } catch (error) {
    throw unknownFlag(error instanceof Error ? error.message : String(error));
  }
}

function parseBoolean(flag: string, value: string): boolean {
  if (value === 'true' || value === '1') return true;
  if (value === 'false' || value === '0') return false;
  throw invalidFlag(flag, value, 'true or false');
}

function parsePort(flag: string, value: string): number {
  const [range] = parsePortRanges(value) ?? [];
  if (range === undefined || `${range.from}` !== value)
    throw invalidFlag(flag, value, 'a port from 1 to 65535');
  return range.from;
}

function parseOptionalCount(flag: string, value: string): number | undefined {
  if (!/^-?\d+$/.test(value)) throw invalidFlag(flag, value, 'a whole number');
  const count = Number(value);
  return count > 0 ? count : undefined;
}

function parseUid(value: string): number {
  const uid = parseOptionalCount(FLAG.proxyUid, value);
  // Without this rule the proxy's own connections would come back to it, for ever.
  if (uid === undefined) throw invalidFlag(FLAG.proxyUid, value, "the proxy's user id, above 0");
  return uid;
}

function parseRanges(flag: string, value: string): readonly PortRange[] {
  const ranges = parsePortRanges(value);
  if (ranges === undefined) throw invalidFlag(flag, value, 'ports and ranges such as 25,4567-4568');
  return ranges;
}

function parseSubnets(value: string): readonly string[] {
  const subnets = value.split(',').map((item) => item.trim());
  return subnets.filter((subnet) => {
    if (subnet === '') return false;
    const [address = '', bits] = subnet.split('/');
    const most = isIP(address) === 6 ? 128 : 32;
    const valid =
      isIP(address) !== 0 && (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= most));
    if (!valid) throw invalidFlag(FLAG.subnetsToIgnore, subnet, 'networks such as 10.0.0.0/8');
    return true;
  });
}
