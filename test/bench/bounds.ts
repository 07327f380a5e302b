import type { PeerName, Result } from './result.ts';

/** A bound of the issue ("How fast"), and whether the figures keep it. */
export interface Verdict {
  readonly text: string;
  /** The figure, or the ratio to the peer's. */
  readonly value: number;
  readonly kept: boolean;
}

type Figure = (result: Result) => number | null;
type Compare = '<=' | '>=';

interface Bound {
  readonly text: string;
  readonly compare: Compare;
  readonly bound: number;
  value(find: Find): number | null;
}

type Find = (work: string, proxy: PeerName) => Result | undefined;

const cpuUs: Figure = ({ cpuUsOut, cpuUsIn }) => add(cpuUsOut, cpuUsIn);
const rps: Figure = (result) => result.rps;
const p50Ms: Figure = (result) => result.p50Ms;
const p99Ms: Figure = (result) => result.p99Ms;
const gbps: Figure = (result) => result.gbps;
const privateMb: Figure = ({ privateMbOut, privateMbIn }) => larger(privateMbOut, privateMbIn);
const idleMb: Figure = ({ idleMbOut, idleMbIn }) => larger(idleMbOut, idleMbIn);
const readyMs: Figure = (result) => result.readyMs;

/** A bound on our figure over a peer's, for the same work. */
function ratio(
  work: string,
  figure: readonly [string, Figure],
  limit: readonly [Compare, number, PeerName],
): Bound {
  const [name, read] = figure;
  const [compare, bound, peer] = limit;
  const text = `${work} ${name} / ${peer}`;
  return { text, compare, bound, value: (find) => divide(read, find(work, 'mesh'), find(work, peer)) };
}

function absolute(work: string, figure: readonly [string, Figure], bound: number): Bound {
  const [name, read] = figure;
  const value = (find: Find): number | null => readFigure(read, find(work, 'mesh'));
  return { text: `${work} ${name}`, compare: '<=', bound, value };
}

const BOUNDS: readonly Bound[] = [
  ratio('http1-64', ['CPU', cpuUs], ['<=', 0.65, 'nginx']),
  ratio('http1-64', ['RPS', rps], ['>=', 1.5, 'nginx']),
  ratio('http1-64-varied', ['CPU', cpuUs], ['<=', 0.9, 'nginx']),
  ratio('http1-64-varied', ['RPS', rps], ['>=', 1.1, 'nginx']),
  ratio('http1-256', ['p99', p99Ms], ['<=', 0.3, 'nginx']),
  ratio('http1-1', ['p50', p50Ms], ['<=', 1.3, 'nginx']),
  ratio('http2-4x16', ['CPU', cpuUs], ['<=', 1.2, 'haproxy']),
  ratio('tcp-bulk', ['Gbit/s', gbps], ['>=', 1, 'nginx']),
  absolute('http1-256', ['private MB idle', idleMb], 35),
  absolute('http1-256', ['private MB', privateMb], 80),
  absolute('http1-256', ['ready ms', readyMs], 700),
];

/** Holds the results against the bounds of the issue; leaves out those whose work or peer was not run. */
export function judge(results: readonly Result[]): readonly Verdict[] {
  const find: Find = (work, proxy) =>
    results.find((result) => result.work === work && result.proxy === proxy);
  return BOUNDS.flatMap(({ text, compare, bound, value: read }) => {
    const value = read(find);
    if (value === null) return [];
    return [
      {
        text: `${text} ${compare} ${bound}`,
        value,
        kept: compare === '<=' ? value <= bound : value >= bound,
      },
    ];
  });
}

function readFigure(figure: Figure, result: Result | undefined): number | null {
  return result === undefined ? null : figure(result);
}

function divide(figure: Figure, ours: Result | undefined, theirs: Result | undefined): number | null {
  const [a, b] = [readFigure(figure, ours), readFigure(figure, theirs)];
  return a === null || b === null ? null : a / b;
}

function add(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : a + b;
}

function larger(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : Math.max(a, b);
}
