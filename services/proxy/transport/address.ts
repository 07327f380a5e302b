import { isIPv4, isIPv6 } from 'node:net';

/** An IP address (without brackets, IPv4-mapped IPv6 unwrapped) and a TCP port. */
export interface SocketAddress {
  readonly host: string;
  readonly port: number;
}

/** `1.2.3.4:80`, `[::1]:80`. */
export function formatAddress(address: SocketAddress): string {
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}

/** Unwraps an IPv4-mapped IPv6 address; gives any other text back as it is. */
export function unwrapMappedIp(ip: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(ip);
  return mapped?.[1] ?? ip;
}

/** Parses `ip:port` or `[v6]:port`; undefined for anything else. */
export function parseSocketAddress(text: string): SocketAddress | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text.trim());
  if (match === null) return undefined;
  const host = match[1] ?? match[2] ?? '';
  const port = Number(match[3]);
  const known = match[1] === undefined ? isIPv4(host) : isIPv6(host);
  return known && port <= 65_535 ? { host, port } : undefined;
}

/** True for 127.0.0.0/8 and ::1. */
export function isLoopback(host: string): boolean {
  return host.startsWith('127.') || host === '::1';
}
