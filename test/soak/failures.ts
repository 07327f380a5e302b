import type { Account, Failure } from './pods/account.ts';

/** A peer of which the soak killed something, which ends what is in flight there by its nature. */
export interface Kill {
  readonly what: 'app' | 'proxy';
  readonly pod: string;
  /** Milliseconds since the epoch. */
  readonly atMs: number;
}

/** All that can be the reason of a failure. */
export interface Kills {
  readonly peers: readonly Kill[];
  /** When the destination service was killed: for a while nobody is told then which peers are gone. */
  readonly discoveryAtMs: readonly number[];
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
/** So long the destination service is away, until its watchers have what is new. */
const DISCOVERY_AWAY_MS = 8000;

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

function wasUntold({ sentAtMs }: Failure, { peers, discoveryAtMs, scalingsAtMs }: Kills): boolean {
  return discoveryAtMs.some((awayMs) => {
    if (sentAtMs < awayMs - LATE_MS || sentAtMs > awayMs + DISCOVERY_AWAY_MS) return false;
    const isKilled = peers.some(({ atMs }) => atMs >= awayMs - LATE_MS && atMs <= sentAtMs);
    return isKilled || scalingsAtMs.some((atMs) => atMs >= awayMs - LEAVES_WITHIN_MS && atMs <= sentAtMs);
  });
}

/** The most calls in flight from the second before to the one behind. */
function countInFlight(inFlightBySecond: Account['inFlightBySecond'], atMs: number): number {
  const second = Math.floor(atMs / 1000);
  return Math.max(...[-1, 0, 1].map((offset) => inFlightBySecond[second + offset] ?? 0));
}
