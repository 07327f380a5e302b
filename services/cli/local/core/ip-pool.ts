import { type Cidr, formatIp, parseIp } from './cidr.ts';

/** Hands out the addresses of a range. An address given back is the last to be handed out again. */
export interface IpPool {
  /** The next free address, or undefined when all are taken. */
  take(): string | undefined;
  /** Marks one address as taken; false when it was. */
  claim(ip: string): boolean;
  release(ip: string): void;
}

/** A pool over `cidr` that leaves out the first `reserved` addresses and the last one. */
export function createIpPool(cidr: Cidr, reserved: number): IpPool {
  const taken = new Set<number>();
  const start = cidr.first + reserved;
  const count = cidr.last - start;
  let next = 0;
  return {
    take() {
      for (let tried = 0; tried < count; tried++) {
        const address = start + ((next + tried) % count);
        if (taken.has(address)) continue;
        next = (next + tried + 1) % count;
        taken.add(address);
        return formatIp(address);
      }
      return undefined;
    },
    claim(ip) {
      const address = parseIp(ip);
      if (address === undefined || taken.has(address)) return false;
      taken.add(address);
      return true;
    },
    release(ip) {
      taken.delete(parseIp(ip) ?? -1);
    },
  };
}
