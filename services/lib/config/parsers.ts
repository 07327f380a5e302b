import { isIP } from 'node:net';
import { type Millis, parseDuration } from '#lib/base';

/** Parsers for EnvReader: the value, or an error whose message continues "<value> …". */

export function parseDurationValue(text: string): Millis {
  const ms = parseDuration(text);
  if (ms === undefined)
    throw new Error('is not a duration: a whole number with ms, s, m, h or d, such as 10s');
  return ms;
}

export function parseBooleanValue(text: string): boolean {
  if (text === 'true') return true;
  if (text === 'false') return false;
  throw new Error('is neither true nor false');
}

export function parseCountValue(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new Error('is not a whole number');
  return Number(text);
}

export function parseRatioValue(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < 0)
    throw new Error('is not a number from 0 on');
  return value;
}

/** `4143`, `25,587,4000-4100`: the ports and inclusive ranges, as a predicate. */
export function parsePortRangesValue(text: string): PortRanges {
  const ranges = text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map((part) => {
      const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(part);
      const low = Number(match?.[1]);
      const high = Number(match?.[2] ?? match?.[1]);
      if (match === null || low > high || high > 65_535)
        throw new Error(`has a part that is no port or range: "${part}"`);
      return { low, high };
    });
  return new PortRanges(ranges);
}

export class PortRanges {
  readonly ranges: readonly { readonly low: number; readonly high: number }[];

  constructor(ranges: readonly { readonly low: number; readonly high: number }[]) {
    this.ranges = ranges;
  }

  has(port: number): boolean {
    return this.ranges.some(({ low, high }) => port >= low && port <= high);
  }

  /** Every single port, in order. */
  *ports(): Generator<number> {
    for (const { low, high } of this.ranges) for (let port = low; port <= high; port++) yield port;
  }
}

/** A comma-separated list of IP addresses. */
export function parseIpsValue(text: string): readonly string[] {
  const ips = splitList(text);
  const bad = ips.find((ip) => isIP(ip) === 0);
  if (bad !== undefined) throw new Error(`has a part that is no IP address: "${bad}"`);
  return ips;
}

/** A comma-separated list of CIDR blocks, as text. */
export function parseNetworksValue(text: string): readonly string[] {
  const networks = splitList(text);
  const bad = networks.find((network) => {
    const match = /^(.+)\/(\d{1,3})$/.exec(network);
    const family = isIP(match?.[1] ?? '');
    return match === null || family === 0 || Number(match[2]) > (family === 4 ? 32 : 128);
  });
  if (bad !== undefined) throw new Error(`has a part that is no network such as 10.0.0.0/8: "${bad}"`);
  return networks;
}

function splitList(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}
