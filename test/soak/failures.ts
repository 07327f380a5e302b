import type { Account, Failure } from './pods/account.ts';

/** A peer of which the soak killed something, which ends what is in flight there by its nature. */
export interface Kill {
  readonly what: 'app' | 'proxy';
  readonly pod: string;
  /** Milliseconds since the epoch. */
  readonly atMs: number;
}

/** The destination service, from when it was killed until it was ready again; undefined: not yet. */
export interface Outage {
  readonly fromMs: number;
  readonly readyMs: number | undefined;
}

/** All that can be the reason of a failure. */
export interface Kills {
  readonly peers: readonly Kill[];
  /** For a while nobody is told then which peers are gone. */
  readonly outages: readonly Outage[];
  /** When replicas were changed: some peers go within LEAVES_WITHIN_MS. */
  readonly scalingsAtMs: readonly number[];
}

export interface Explanation {
  /** `in flight on a peer whose app was killed` → failures. */
  readonly byCategory: ReadonlyMap<string, readonly Failure[]>;
  readonly unexplained: readonly Failure[];
}

/** What was sent that shortly behind a kill may have been on its way before the kernel told anybody. */
const LATE_MS = 1000;
/** A clock's coarseness. */
const EARLY_MS = 100;
/** What was in flight at a kill fails at once, or when it has waited as long as anything may. */
const FAILS_WITHIN_MS = 21_000;
/** A peer's grace period. */
const LEAVES_WITHIN_MS = 10_000;
/** A proxy asks again after a delay that doubles: once more as long as the service was away, at most this. */
const ASKS_WITHIN_MS = 11_000;
const JITTER = 1.1;
/** Until it has answered, and the answer has its effect. */
const TOLD_WITHIN_MS = 2000;
/** Whatever it takes to start on this machine: longer is a fault. */
const MOST_UNTOLD_MS = 25_000;

/**
 * Finds the kill that each failure is due to: it was in flight then, and no kill has more failures than there were calls
 * in flight; or it went to a peer of whose end nobody could be told. A failure beyond that is one that should not be.
 */
export function explainFailures(
  { failures, inFlightBySecond }: Pick<Account, 'failures' | 'inFlightBySecond'>,
  kills: Kills,
): Explanation {
  const room = new Map(kills.peers.map((kill) => [kill, countInFlight(inFlightBySecond, kill.atMs)]));
  const explain = (failure: Failure): string | undefined => {
    const kill = kills.peers.find((peer) => wasInFlight(failure, peer) && (room.get(peer) ?? 0) > 0);
    if (kill !== undefined) {
      room.set(kill, (room.get(kill) ?? 0) - 1);
      return `in flight on a peer whose ${kill.what} was killed`;
    }
    return wasUntold(failure, kills)
      ? 'sent to a peer that went while the destination service was away'
      : undefined;
  };
  const byCategory = Map.groupBy(failures, (failure) => explain(failure) ?? '');
  const unexplained = byCategory.get('') ?? [];
  byCategory.delete('');
  return { byCategory, unexplained };
}

function wasInFlight({ sentAtMs, failedAtMs }: Failure, { atMs }: Kill): boolean {
  return sentAtMs <= atMs + LATE_MS && failedAtMs >= atMs - EARLY_MS && failedAtMs <= atMs + FAILS_WITHIN_MS;
}

function wasUntold({ sentAtMs }: Failure, { peers, outages, scalingsAtMs }: Kills): boolean {
  return outages.some((outage) => {
    const { fromMs } = outage;
    if (sentAtMs < fromMs - LATE_MS || sentAtMs > endOf(outage)) return false;
    const isKilled = peers.some(({ atMs }) => atMs >= fromMs - LATE_MS && atMs <= sentAtMs);
    return isKilled || scalingsAtMs.some((atMs) => atMs >= fromMs - LEAVES_WITHIN_MS && atMs <= sentAtMs);
  });
}

/** When every proxy has been told again. */
function endOf({ fromMs, readyMs }: Outage): number {
  const latestMs = fromMs + MOST_UNTOLD_MS;
  if (readyMs === undefined) return latestMs;
  const asksWithinMs = Math.min(ASKS_WITHIN_MS, (readyMs - fromMs) * JITTER);
  return Math.min(latestMs, readyMs + asksWithinMs + TOLD_WITHIN_MS);
}

/** The most calls in flight from the second before to the one behind. */
function countInFlight(inFlightBySecond: Account['inFlightBySecond'], atMs: number): number {
  const second = Math.floor(atMs / 1000);
  return Math.max(...[-1, 0, 1].map((offset) => inFlightBySecond[second + offset] ?? 0));
}
