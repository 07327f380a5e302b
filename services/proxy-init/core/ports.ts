/** A port (`from` = `to`) or an inclusive range of ports. */
export interface PortRange {
  readonly from: number;
  readonly to: number;
}

/** The iptables module multiport takes at most this many ports a rule; a range counts as two. */
const MULTIPORT_SLOTS = 15;

/** Parses `25,587,4567-4568`; returns undefined when a part is no port (1–65535) or no rising range. */
export function parsePortRanges(text: string): readonly PortRange[] | undefined {
  const ranges: PortRange[] = [];
  for (const part of text.split(',').map((item) => item.trim())) {
    if (part === '') continue;
    const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(part);
    if (match === null) return undefined;
    const from = Number(match[1]);
    const to = match[2] === undefined ? from : Number(match[2]);
    if (from < 1 || to > 65535 || to < from) return undefined;
    ranges.push({ from, to });
  }
  return ranges;
}

/** Splits ranges into groups that each fit one multiport rule, in the syntax of `--dports`. */
export function groupForMultiport(ranges: readonly PortRange[]): readonly string[] {
  const groups: string[][] = [];
  let slotsLeft = 0;
  for (const range of ranges) {
    const slots = range.from === range.to ? 1 : 2;
    if (slots > slotsLeft) {
      groups.push([]);
      slotsLeft = MULTIPORT_SLOTS;
    }
    groups.at(-1)?.push(slots === 1 ? `${range.from}` : `${range.from}:${range.to}`);
    slotsLeft -= slots;
  }
  return groups.map((group) => group.join(','));
}
