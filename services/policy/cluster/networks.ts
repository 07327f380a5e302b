import { BlockList, isIPv6 } from 'node:net';

/** A set of networks, given as valid CIDRs. */
export interface Networks {
  has(ip: string): boolean;
}

export function createNetworks(cidrs: readonly string[]): Networks {
  const list = new BlockList();
  for (const cidr of cidrs) {
    const [ip = '', prefix] = cidr.split('/');
    const family = isIPv6(ip) ? 'ipv6' : 'ipv4';
    list.addSubnet(ip, Number(prefix ?? (family === 'ipv6' ? 128 : 32)), family);
  }
  return { has: (ip) => list.check(ip, isIPv6(ip) ? 'ipv6' : 'ipv4') };
}
