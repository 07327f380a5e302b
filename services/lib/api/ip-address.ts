import { isIPv4, isIPv6 } from 'node:net';
import { create } from '@bufbuild/protobuf';
import {
  type IPAddress,
  IPAddressSchema,
  type IPNetwork,
  IPNetworkSchema,
  type IPv6,
  type TcpAddress,
  TcpAddressSchema,
} from './gen/net_pb.ts';

/** An IP address as text, and a TCP port. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** Reads `1.2.3.4` or `fd00::1` (no brackets, no zone). Returns undefined for anything else. */
export function toIpAddress(text: string): IPAddress | undefined {
  if (isIPv4(text)) {
    return create(IPAddressSchema, { ip: { case: 'ipv4', value: parseIpv4(text) } });
  }
  if (!isIPv6(text) || text.includes('%')) return undefined;
  const groups = parseIpv6(text);
  const value = { first: joinGroups(groups.slice(0, 4)), last: joinGroups(groups.slice(4)) };
  return create(IPAddressSchema, { ip: { case: 'ipv6', value } });
}

/** The address as text, IPv6 in the form of RFC 5952. Returns undefined when the message holds none. */
export function fromIpAddress(address: IPAddress | undefined): string | undefined {
  switch (address?.ip.case) {
    case 'ipv4':
      return formatIpv4(address.ip.value);
    case 'ipv6':
      return formatIpv6(splitGroups(address.ip.value));
    default:
      return undefined;
  }
}

/** Returns undefined when the host is not an IP address or the port is none. */
export function toTcpAddress({ host, port }: HostPort): TcpAddress | undefined {
  const ip = toIpAddress(host);
  return ip !== undefined && isPort(port) ? create(TcpAddressSchema, { ip, port }) : undefined;
}

/** Returns undefined when the message holds no IP address or no possible port. */
export function fromTcpAddress(address: TcpAddress | undefined): HostPort | undefined {
  const host = fromIpAddress(address?.ip);
  if (address === undefined || host === undefined || !isPort(address.port)) return undefined;
  return { host, port: address.port };
}

/** Reads `10.0.0.0/8`, `fd00::/8`, or an address alone as a network of one. Returns undefined for anything else. */
export function toIpNetwork(text: string): IPNetwork | undefined {
  const match = /^([^/]+)(?:\/(0|[1-9]\d{0,2}))?$/.exec(text);
  const ip = toIpAddress(match?.[1] ?? '');
  if (ip === undefined) return undefined;
  const widest = ip.ip.case === 'ipv4' ? 32 : 128;
  const prefixLen = match?.[2] === undefined ? widest : Number(match[2]);
  return prefixLen <= widest ? create(IPNetworkSchema, { ip, prefixLen }) : undefined;
}

function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 0 && port <= 65_535;
}

function parseIpv4(text: string): number {
  return text.split('.').reduce((number, octet) => number * 256 + Number(octet), 0);
}

function formatIpv4(number: number): string {
  return [number >>> 24, (number >>> 16) & 255, (number >>> 8) & 255, number & 255].join('.');
}

/** The eight groups of a valid IPv6 address. */
function parseIpv6(text: string): number[] {
  const [head = '', tail] = text.split('::');
  const before = parseGroups(head);
  if (tail === undefined) return before;
  const after = parseGroups(tail);
  return [...before, ...new Array<number>(8 - before.length - after.length).fill(0), ...after];
}

/** The groups of a part between double colons; an IPv4 address at its end is two. */
function parseGroups(part: string): number[] {
  if (part === '') return [];
  return part.split(':').flatMap((group) => {
    if (!group.includes('.')) return [Number.parseInt(group, 16)];
    const number = parseIpv4(group);
    return [number >>> 16, number & 0xffff];
  });
}

function joinGroups(groups: number[]): bigint {
  return groups.reduce((number, group) => (number << 16n) | BigInt(group), 0n);
}

function splitGroups({ first, last }: IPv6): number[] {
  return [first, last].flatMap((half) =>
    [48n, 32n, 16n, 0n].map((shift) => Number((half >> shift) & 0xffffn)),
  );
}

function formatIpv6(groups: number[]): string {
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) {
    return `::ffff:${formatIpv4((groups[6] ?? 0) * 65_536 + (groups[7] ?? 0))}`;
  }
  const gap = findLongestGap(groups);
  const text = (part: number[]) => part.map((group) => group.toString(16)).join(':');
  if (gap.length < 2) return text(groups);
  return `${text(groups.slice(0, gap.start))}::${text(groups.slice(gap.start + gap.length))}`;
}

/** The longest run of zero groups, the first of equals. */
function findLongestGap(groups: number[]): { start: number; length: number } {
  let longest = { start: 0, length: 0 };
  let length = 0;
  groups.forEach((group, index) => {
    length = group === 0 ? length + 1 : 0;
    if (length > longest.length) longest = { start: index - length + 1, length };
  });
  return longest;
}
