import { create, destination } from '#lib/api';
import type { EndpointUpdate } from '../core/endpoints/endpoint-diff.ts';
import { toTcpAddress } from './addresses.ts';
import { toWeightedAddr } from './weighted-address.ts';

/**
 * Turns updates into messages, each update once for all the streams that it goes to. What is new comes before
 * what has gone, so that a client is never left with nothing in between.
 */
export function createUpdateTranslator(
  http2: destination.Http2ClientParams,
): (update: EndpointUpdate) => readonly destination.Update[] {
  const translated = new WeakMap<EndpointUpdate, readonly destination.Update[]>();
  return (update) => {
    const known = translated.get(update);
    if (known !== undefined) return known;
    const messages = [toAdd(update, http2), toRemove(update)].filter((message) => message !== undefined);
    translated.set(update, messages);
    return messages;
  };
}

function toAdd(
  { add, labels }: EndpointUpdate,
  http2: destination.Http2ClientParams,
): destination.Update | undefined {
  const addrs = add.flatMap((endpoint) => toWeightedAddr(endpoint, http2) ?? []);
  if (addrs.length === 0) return undefined;
  return create(destination.UpdateSchema, {
    update: { case: 'add', value: { addrs, metricLabels: labels } },
  });
}

function toRemove({ remove }: EndpointUpdate): destination.Update | undefined {
  const addrs = remove.flatMap(({ address }) => toTcpAddress(address.ip, address.port) ?? []);
  if (addrs.length === 0) return undefined;
  return create(destination.UpdateSchema, { update: { case: 'remove', value: { addrs } } });
}
