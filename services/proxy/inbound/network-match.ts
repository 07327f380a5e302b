import { BlockList, isIPv6 } from 'node:net';
import type { Cidr, Network } from './server-policy.ts';

type NetworkMatcher = (ip: string) => boolean;

/** A policy's networks are asked for every connection, and compiled once. */
const matchers = new WeakMap<readonly Network[], NetworkMatcher>();

/** Tells whether an address is in any of the networks: in the block, and in none of its exceptions. */
export function matcherOf(networks: readonly Network[]): NetworkMatcher {
  let matcher = matchers.get(networks);
  if (matcher === undefined) {
    matcher = createMatcher(networks);
    matchers.set(networks, matcher);
  }
  return matcher;
}

function createMatcher(networks: readonly Network[]): NetworkMatcher {
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
