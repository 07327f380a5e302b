/** An IP address as numbers, the form in which two spellings are equal. */
export type IpAddress =
  | { readonly family: 4; readonly value: number }
  | { readonly family: 6; readonly first: bigint; readonly last: bigint };

/** Parses an IPv4 or IPv6 address without a zone. Returns undefined for anything else. */
export function parseIp(text: string): IpAddress | undefined {
  const value = parseIpv4(text);
  if (value !== undefined) return { family: 4, value };
  const groups = parseIpv6(text);
  if (groups === undefined) return undefined;
  return { family: 6, first: joinGroups(groups.slice(0, 4)), last: joinGroups(groups.slice(4)) };
}

/** The one spelling under which we know an address; text that is no address is left as it is. */
export function normalizeIp(text: string): string {
  const groups = parseIpv4(text) === undefined ? parseIpv6(text) : undefined;
  return groups === undefined ? text : formatGroups(groups);
}

function parseIpv4(text: string): number | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  let value = 0;
  for (const part of parts) {
    if (!/^(?:0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined;
    value = value * 256 + Number(part);
  }
  return value;
}

/** The eight groups of an address. Source: RFC 4291, section 2.2. */
function parseIpv6(text: string): readonly number[] | undefined {
  const halves = text.split('::');
  if (halves.length > 2 || !text.includes(':')) return undefined;
  const [head, tail] = halves.map((half, index) =>
    parseGroups(half, { mayEndInIpv4: index === halves.length - 1 }),
  );
  if (head === undefined || (halves.length === 2 && tail === undefined)) return undefined;
  if (tail === undefined) return head.length === 8 ? head : undefined;
  const missing = 8 - head.length - tail.length;
  return missing < 1 ? undefined : [...head, ...Array<number>(missing).fill(0), ...tail];
}

function parseGroups(text: string, { mayEndInIpv4 }: { mayEndInIpv4: boolean }): number[] | undefined {
  if (text === '') return [];
  const groups: number[] = [];
  const words = text.split(':');
  for (const [index, word] of words.entries()) {
    const ipv4 = mayEndInIpv4 && index === words.length - 1 ? parseIpv4(word) : undefined;
    if (ipv4 !== undefined) groups.push(Math.floor(ipv4 / 65_536), ipv4 % 65_536);
    else if (/^[0-9a-f]{1,4}$/i.test(word)) groups.push(Number.parseInt(word, 16));
    else return undefined;
  }
  return groups;
}

function joinGroups(groups: readonly number[]): bigint {
  return groups.reduce((sum, group) => (sum << 16n) | BigInt(group), 0n);
}

/** Source: RFC 5952, section 4: the longest run of zeroes, the first of equals, becomes `::`. */
function formatGroups(groups: readonly number[]): string {
  let best = { start: 0, length: 1 };
  for (let start = 0; start < 8; start += 1) {
    let length = 0;
    while (groups[start + length] === 0) length += 1;
    if (length > best.length) best = { start, length };
  }
  const hex = groups.map((group) => group.toString(16));
  if (best.length === 1) return hex.join(':');
  return `${hex.slice(0, best.start).join(':')}::${hex.slice(best.start + best.length).join(':')}`;
}
