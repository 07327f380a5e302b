import type { EnvReader } from '#lib/config';
import type { SocketAddress } from '../transport/address.ts';
import { name, parseAddressValue } from './environment.ts';

/** One address of each family. */
const MAX_OUTBOUND_ADDRESSES = 2;

export interface ListenConfig {
  readonly inboundListen: SocketAddress;
  readonly outboundListen: readonly SocketAddress[];
  readonly adminListen: SocketAddress;
}

export function readListen(env: EnvReader, warnings: string[]): ListenConfig {
  const at = (suffix: string, host: string, port: number) =>
    env.optional(name(suffix), parseAddressValue, { host, port });
  return {
    inboundListen: at('INBOUND_LISTEN_ADDR', '0.0.0.0', 4143),
    outboundListen: readOutboundListen(env, warnings),
    adminListen: at('ADMIN_LISTEN_ADDR', '127.0.0.1', 4191),
  };
}

function readOutboundListen(env: EnvReader, warnings: string[]): readonly SocketAddress[] {
  const [single, list] = [name('OUTBOUND_LISTEN_ADDR'), name('OUTBOUND_LISTEN_ADDRS')];
  // The chart sets both, for proxies of any age.
  if (env.text(single) !== undefined && env.text(list) === undefined)
    warnings.push(`${single} is deprecated; use ${list}`);
  const address = env.optional(single, parseAddressValue, { host: '127.0.0.1', port: 4140 });
  return env.optional(list, parseAddresses, [address]);
}

function parseAddresses(text: string): readonly SocketAddress[] {
  const addresses = text.split(',').map((part) => parseAddressValue(part.trim()));
  if (addresses.length > MAX_OUTBOUND_ADDRESSES) throw new Error('has more than two addresses');
  return addresses;
}
