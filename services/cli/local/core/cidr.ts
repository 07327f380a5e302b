/** A range of IPv4 addresses; addresses are unsigned 32-bit numbers. */
export interface Cidr {
  readonly first: number;
  readonly last: number;
  readonly bits: number;
}

/** Parses `10.42.0.0/16`; undefined for anything else. Bits beyond the prefix are dropped. */
export function parseCidr(text: string): Cidr | undefined {
  const match = /^([\d.]+)\/(\d{1,2})$/.exec(text);
  const address = parseIp(match?.[1] ?? '');
  const bits = Number(match?.[2]);
  if (address === undefined || !(bits <= 32)) return undefined;
  const size = 2 ** (32 - bits);
  const first = Math.floor(address / size) * size;
  return { first, last: first + size - 1, bits };
}

export function parseIp(text: string): number | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (match === null) return undefined;
  const bytes = match.slice(1).map(Number);
  if (bytes.some((byte) => byte > 255)) return undefined;
  return bytes.reduce((address, byte) => address * 256 + byte, 0);
}

export function formatIp(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
}

export function formatCidr(cidr: Cidr): string {
  return `${formatIp(cidr.first)}/${cidr.bits}`;
}

export function overlaps(a: Cidr, b: Cidr): boolean {
  return a.first <= b.last && b.first <= a.last;
}

export function containsIp(cidr: Cidr, ip: string): boolean {
  const address = parseIp(ip);
  return address !== undefined && address >= cidr.first && address <= cidr.last;
}
