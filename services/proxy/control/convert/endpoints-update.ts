import type { destination } from '#lib/api';
import type { Endpoint, EndpointsUpdate } from '../../outbound/endpoint.ts';
import { formatAddress } from '../../transport/address.ts';
import { convertAddress, convertEndpoint } from './endpoint.ts';

/**
 * One message of `Get`; `isFirst`: no set has come on this stream yet, so that a set replaces what an earlier
 * stream said, and a removal means nothing. Undefined for a message without meaning.
 */
export function convertEndpointsUpdate(
  { update }: destination.Update,
  isFirst: boolean,
): EndpointsUpdate | undefined {
  switch (update.case) {
    case 'add':
      return { kind: isFirst ? 'reset' : 'add', endpoints: convertSet(update.value) };
    case 'remove':
      if (isFirst) return undefined;
      return {
        kind: 'remove',
        addresses: update.value.addrs.map(convertAddress).filter((address) => address !== undefined),
      };
    case 'noEndpoints':
      return { kind: 'reset', endpoints: [] };
    default:
      return undefined;
  }
}

/** The last one of an address counts; one whose address cannot be read is passed over. */
function convertSet({ addrs, metricLabels }: destination.WeightedAddrSet): readonly Endpoint[] {
  const byAddress = new Map<string, Endpoint>();
  for (const weighted of addrs) {
    const endpoint = convertEndpoint(weighted, metricLabels);
    if (endpoint !== undefined) byAddress.set(formatAddress(endpoint.address), endpoint);
  }
  return [...byAddress.values()];
}
