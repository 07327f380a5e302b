import { networkInterfaces } from 'node:os';

/** An address to listen on; no host means every address of the machine. */
export interface ListenAddress {
  readonly host: string | undefined;
  readonly port: number;
}

/** Reads `:8080`, `127.0.0.1:8080`, `localhost:8080` or `[::1]:8080`; undefined where it is none of these. */
export function parseListenAddress(text: string): ListenAddress | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) return undefined;
  return { host: match[1] || match[2] || undefined, port };
}

/** The host to bind: for every address, both families where the machine has IPv6. */
export function resolveListenHost({ host }: ListenAddress): string {
  if (host !== undefined) return host;
  const addresses = Object.values(networkInterfaces()).flat();
  return addresses.some((address) => address?.family === 'IPv6') ? '::' : '0.0.0.0';
}
