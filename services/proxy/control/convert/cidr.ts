import { isIP } from 'node:net';
import { fromIpAddress, type net } from '#lib/api';
import type { Cidr, Network } from '../../inbound/server-policy.ts';
import { InvalidPolicyError, requireField } from './invalid-policy.ts';

function convertCidr(network: net.IPNetwork | undefined): Cidr {
  const base = requireField(fromIpAddress(network?.ip), "a network's address");
  const prefixLength = network?.prefixLen ?? 0;
  if (prefixLength > (isIP(base) === 4 ? 32 : 128)) {
    throw new InvalidPolicyError(`the network ${base}/${prefixLength} has too long a prefix`);
  }
  return { base, prefixLength };
}

export function convertNetwork(network: {
  readonly net?: net.IPNetwork | undefined;
  readonly except: readonly net.IPNetwork[];
}): Network {
  return { net: convertCidr(network.net), except: network.except.map(convertCidr) };
}
