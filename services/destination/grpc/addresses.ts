import { create, type MessageInitShape, meta, net } from '#lib/api';
import type { ResourceRef } from '../core/endpoints/address.ts';
import { parseIp } from '../core/ip.ts';

/** `undefined` for what is no IP address. */
export function toTcpAddress(ip: string, port: number): net.TcpAddress | undefined {
  const parsed = parseIp(ip);
  if (parsed === undefined) return undefined;
  const address: MessageInitShape<typeof net.IPAddressSchema> =
    parsed.family === 4
      ? { ip: { case: 'ipv4', value: parsed.value } }
      : { ip: { case: 'ipv6', value: { first: parsed.first, last: parsed.last } } };
  return create(net.TcpAddressSchema, { ip: address, port });
}

export function toMetadata(ref: ResourceRef): meta.Metadata {
  return create(meta.MetadataSchema, { kind: { case: 'resource', value: { ...ref } } });
}
