import { MeshError } from '#lib/base';

/** A set of TCP ports, as annotations, flags and environment variables write it: `25,587,4000-4100`. */
export interface PortSet {
  /** Inclusive ranges in the order in which they were written; a single port is a range of one. */
  readonly ranges: readonly PortRange[];
  has(port: number): boolean;
  /** The normal spelling: names replaced by their ports, no blanks, `a-a` as `a`. */
  toString(): string;
}

export interface PortRange {
  readonly min: number;
  readonly max: number;
}

/** The ports that a name stands for; a name may be declared by several containers. */
export type PortNames = ReadonlyMap<string, readonly number[]>;

export interface PortSetReading {
  /** What could be read. */
  readonly ports: PortSet;
  /** One error for every item that could not. */
  readonly errors: readonly MeshError[];
}

const NO_NAMES: PortNames = new Map();
const MAX_PORT = 65_535;

/** Parses a port set; throws a MeshError that names the first bad item. An empty text is an empty set. */
export function parsePortSet(text: string, names: PortNames = NO_NAMES): PortSet {
  const { ports, errors } = readPortSet(text, names);
  if (errors[0] !== undefined) throw errors[0];
  return ports;
}

/** Reads a port set leniently: bad items are left out and reported, as the mesh does with annotations. */
export function readPortSet(text: string, names: PortNames = NO_NAMES): PortSetReading {
  const ranges: PortRange[] = [];
  const errors: MeshError[] = [];
  for (const item of text.split(',')) {
    const word = item.trim();
    if (word === '') continue;
    const read = readItem(word, names);
    if (typeof read === 'string') errors.push(createError(text, word, read));
    else ranges.push(...read);
  }
  return { ports: createPortSet(ranges), errors };
}

export function createPortSet(ranges: readonly PortRange[]): PortSet {
  return {
    ranges,
    has: (port) => ranges.some((range) => port >= range.min && port <= range.max),
    toString: () => ranges.map(({ min, max }) => (min === max ? `${min}` : `${min}-${max}`)).join(','),
  };
}

/** The ports of one item, or what is wrong with it. */
function readItem(word: string, names: PortNames): readonly PortRange[] | string {
  const match = /^(\d+)(?:\s*-\s*(\d+))?$/.exec(word);
  if (match === null) {
    const ports = names.get(word);
    if (ports === undefined) return 'is neither a port, nor a range, nor the name of a port here';
    return ports.map((port) => ({ min: port, max: port }));
  }
  const min = Number(match[1]);
  const max = Number(match[2] ?? match[1]);
  if (min < 1 || max > MAX_PORT) return 'lies outside 1 to 65535';
  if (min > max) return 'ends before it begins';
  return [{ min, max }];
}

function createError(text: string, word: string, problem: string): MeshError {
  return new MeshError(
    'LINKERD_PORT_SET_INVALID',
    `port list "${text}": "${word}" ${problem}; write ports and ranges separated by commas, such as 25,4000-4100`,
  );
}
