import { BlockList, isIPv6 } from 'node:net';
import type { Cidr, Network } from './server-policy.ts';

/** Tells whether an address is in any of the networks: in the block, and in none of its exceptions. */
export function createNetworkMatcher(networks: readonly Network[]): (ip: string) => boolean {
  const compiled = networks.map(({ net, except }) => ({
    net: blockListOf([net]),
    except: blockListOf(except),
  }));
  return (ip) => {
    const family = isIPv6(ip) ? 'ipv6' : 'ipv4';
    return compiled.some(({ net, except }) => net.check(ip, family) && !except.check(ip, family));
  };
}

function blockListOf(blocks: readonly Cidr[]): BlockList {
  const list = new BlockList();
  for (const { base, prefixLength } of blocks)
    list.addSubnet(base, prefixLength, isIPv6(base) ? 'ipv6' : 'ipv4');
  return list;
}
