export const PEER_NAMES = ['mesh', 'nginx', 'haproxy', 'linkerd2-proxy'] as const;
export type PeerName = (typeof PEER_NAMES)[number];

export function isPeerName(name: string): name is PeerName {
  return PEER_NAMES.some((peer) => peer === name);
}

/** What one run measures. Null is what a work or a peer does not have. */
export interface Figures {
  readonly rps: number | null;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  /** CPU microseconds per request of the proxy on the client's side, and of the one on the server's. */
  readonly cpuUsOut: number | null;
  readonly cpuUsIn: number | null;
  /** Anonymous resident memory under load, in MB (1e6 bytes). */
  readonly privateMbOut: number | null;
  readonly privateMbIn: number | null;
  /** The same before the first request. */
  readonly idleMbOut: number | null;
  readonly idleMbIn: number | null;
  readonly gbps: number | null;
  /** From the start of the process to the first 200 of `GET /ready`, the slower one of the pair. */
  readonly readyMs: number | null;
}

/** A line of `results/latest.json`: the medians of the runs of one work through one pair. */
export interface Result extends Figures {
  readonly work: string;
  readonly proxy: PeerName;
}

const FIGURES = [
  'rps',
  'p50Ms',
  'p99Ms',
  'cpuUsOut',
  'cpuUsIn',
  'privateMbOut',
  'privateMbIn',
  'idleMbOut',
  'idleMbIn',
  'gbps',
  'readyMs',
] as const satisfies readonly (keyof Figures)[];

/** The median of each figure on its own, rounded to three decimals. */
export function medianFigures(runs: readonly Figures[]): Figures {
  const median = (figure: (typeof FIGURES)[number]): number | null => {
    const values = runs.map((run) => run[figure]).filter((value) => value !== null);
    return values.length === 0 ? null : Math.round(medianOf(values) * 1000) / 1000;
  };
  return Object.fromEntries(FIGURES.map((figure) => [figure, median(figure)])) as unknown as Figures;
}

function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] ?? 0) + (sorted[Math.ceil(middle)] ?? 0)) / 2;
}
