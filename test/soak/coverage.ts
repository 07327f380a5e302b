import { KILL_CONTROL_PLANE_EVERY_MS, KILL_EVERY_MS, SCALE_EVERY_MS } from './disruption.ts';
import { type Account, KINDS } from './pods/account.ts';

/** What really happened: a soak in which nothing does finds nothing. */
export interface Happened {
  readonly peersKilled: number;
  readonly controlPlaneKilled: number;
  /** Names of the pods that were ready at some time, of those that come and go. */
  readonly readyPods: ReadonlySet<string>;
  readonly account: Pick<Account, 'sent' | 'ok' | 'failures' | 'answers'>;
}

export interface CoverageRow {
  readonly what: string;
  readonly count: number;
  readonly least: number;
}

/** A scaling brings 0.6 new pods in the mean; some go again before they are ready. */
const PODS_PER_SCALING = 0.2;
/** Of what the periods promise: some moments come when there is nothing to kill. */
const SHARE = 0.5;
/** A call takes 20 s at most (tally.ts); few take longer than a moment. */
const MOST_OPEN = 60;

/** What a soak of that length must have seen at least. */
export function measureCoverage(happened: Happened, durationMs: number): readonly CoverageRow[] {
  const due = (periodMs: number, share: number) => Math.floor((durationMs / periodMs) * share);
  const { readyPods, account } = happened;
  const answered = [...readyPods].filter((pod) => (account.answers[pod] ?? 0) > 0).length;
  return [
    { what: 'peers killed', count: happened.peersKilled, least: due(KILL_EVERY_MS, SHARE) },
    {
      what: 'control plane killed',
      count: happened.controlPlaneKilled,
      least: due(KILL_CONTROL_PLANE_EVERY_MS, SHARE),
    },
    { what: 'pods that came', count: readyPods.size, least: due(SCALE_EVERY_MS, PODS_PER_SCALING) },
    // Those that come while the destination service is away, and soon go again, nobody hears of.
    { what: 'of them answered', count: answered, least: Math.ceil(readyPods.size * SHARE) },
  ];
}

/** What is missing from a soak: disruption, kinds of calls that went well, calls that came to an end. */
export function findGaps(
  rows: readonly CoverageRow[],
  { sent, ok, failures }: Happened['account'],
): string[] {
  const open = KINDS.reduce((sum, kind) => sum + sent[kind] - ok[kind], -failures.length);
  return [
    ...rows
      .filter(({ count, least }) => count < least)
      .map(({ what, count, least }) => `too little happened: ${what} ${count}, not ${least}`),
    ...KINDS.filter((kind) => ok[kind] === 0).map((kind) => `no call of ${kind} went well`),
    ...(open > MOST_OPEN ? [`${open} calls never came to an end`] : []),
  ];
}
