import { isIP } from 'node:net';
import type { Millis } from '#lib/base';
import { parseCountValue, parseDurationValue } from '#lib/config';
import { ENV_PREFIX } from '../contract.ts';
import { parseSocketAddress, type SocketAddress } from '../transport/address.ts';

/** A timer that is set to more fires at once: about 24 days are for ever. */
export const MAX_TIMER_MS: Millis = 2 ** 31 - 1;

/** The whole name of a variable. */
export function name(suffix: string): string {
  return `${ENV_PREFIX}${suffix}`;
}

export function parseTimerValue(text: string): Millis {
  return Math.min(parseDurationValue(text), MAX_TIMER_MS);
}

export function parsePositiveValue(text: string): number {
  const count = parseCountValue(text);
  if (count === 0) throw new Error('is not a whole number above 0');
  return count;
}

export function parseAddressValue(text: string): SocketAddress {
  const address = parseSocketAddress(text);
  if (address === undefined) throw new Error('is not an address such as 0.0.0.0:4143 or [::]:4143');
  return address;
}

/** Lower case, without the dot at the end. */
export function parseDnsNameValue(text: string): string {
  const dns = text.toLowerCase().replace(/\.$/, '');
  if (!/^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*$/.test(dns)) {
    throw new Error('is not a DNS name');
  }
  return dns;
}

/**
 * DNS suffixes that names are held against. Lower case, without dots at the ends; the empty one, written `.`, is of
 * every name.
 */
export class Suffixes {
  readonly list: readonly string[];

  constructor(list: readonly string[]) {
    this.list = list;
  }

  /** False for an address: it has no suffix. */
  hasName(host: string): boolean {
    if (isIP(host) !== 0) return false;
    const plain = host.toLowerCase().replace(/\.$/, '');
    return this.list.some((suffix) => suffix === '' || plain === suffix || plain.endsWith(`.${suffix}`));
  }
}

/** `svc.cluster.local.`, comma separated; empty parts are skipped. */
export function parseSuffixesValue(text: string): Suffixes {
  const parts = text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  const list = parts.map((part) => {
    if (part === '.') return '';
    try {
      return parseDnsNameValue(part);
    } catch {
      throw new Error(`has a part that is no DNS suffix such as svc.cluster.local: "${part}"`);
    }
  });
  return new Suffixes(list);
}
