import koffi from 'koffi';
import type { SocketAddress } from './address.ts';

const SOL_IP = 0;
const SOL_TCP = 6;
const SOL_IPV6 = 41;
const SO_ORIGINAL_DST = 80;
const TCP_USER_TIMEOUT = 18;

const libc = koffi.load('libc.so.6');
const getsockopt = libc.func('int getsockopt(int, int, int, _Out_ uint8_t *, _Inout_ uint32_t *)') as (
  ...args: [fd: number, level: number, name: number, value: Buffer, length: [number]]
) => number;
const setsockopt = libc.func('int setsockopt(int, int, int, const uint8_t *, uint32_t)') as (
  ...args: [fd: number, level: number, name: number, value: Buffer, length: number]
) => number;

const sockaddr = Buffer.alloc(28);
const timeout = Buffer.alloc(4);

/**
 * Where a redirected connection wanted to go (SO_ORIGINAL_DST, IP6T_SO_ORIGINAL_DST), undefined where the kernel
 * knows no redirect. The family is that of the client address. Node has no getsockopt of its own.
 */
export function readOriginalDestination(fd: number, isIpv6: boolean): SocketAddress | undefined {
  const length: [number] = [sockaddr.length];
  if (getsockopt(fd, isIpv6 ? SOL_IPV6 : SOL_IP, SO_ORIGINAL_DST, sockaddr, length) !== 0) return undefined;
  const port = sockaddr.readUInt16BE(2);
  if (!isIpv6) return { host: sockaddr.subarray(4, 8).join('.'), port };
  const groups: string[] = [];
  for (let at = 8; at < 24; at += 2) groups.push(sockaddr.readUInt16BE(at).toString(16));
  // The URL parser writes IPv6 in the canonical form of RFC 5952.
  return { host: new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1), port };
}

/** Sets TCP_USER_TIMEOUT: how long sent bytes may stay unacknowledged before the connection ends. */
export function setUserTimeout(fd: number, timeoutMs: number): boolean {
  timeout.writeUInt32LE(timeoutMs);
  return setsockopt(fd, SOL_TCP, TCP_USER_TIMEOUT, timeout, 4) === 0;
}
