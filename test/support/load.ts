import type { Account, Failure } from './pods/account.ts';
import { report, sleep, waitUntil } from './waiting.ts';

export const ACCOUNT_PORT = 9000;

/** What happened to a generator's requests between two moments. */
export interface Observation {
  readonly durationMs: number;
  readonly sent: number;
  readonly ok: number;
  readonly newConnections: number;
  readonly quietSent: number;
  readonly failures: readonly Failure[];
  /** The most that were in flight at once in the seconds around the beginning. */
  readonly inFlightAtStart: number;
  /** Answers by pod. */
  readonly servedBy: Readonly<Record<string, number>>;
}

/** Asks a generator (pods/generator.ts) for its account. */
export type AccountReader = () => Promise<Account>;

/** Waits until requests are answered, also the quiet ones, and none has failed for a second. */
export async function waitForLoad(readAccount: AccountReader): Promise<void> {
  let last = await readAccount();
  await waitUntil('the load is steady', async () => {
    await sleep(1000);
    const now = await readAccount();
    const isSteady = now.ok > last.ok && now.quietOk >= 2 && now.failures.length === last.failures.length;
    last = now;
    return isSteady;
  });
}

/** Does something under the load, and gives back what came of the requests from then on for `durationMs`, or longer. */
export async function observe(
  readAccount: AccountReader,
  durationMs: number,
  act: () => unknown = () => {},
): Promise<Observation> {
  const startMs = Date.now();
  const before = await readAccount();
  await act();
  await sleep(Math.max(0, durationMs - (Date.now() - startMs)));
  const after = await readAccount();
  return {
    durationMs: Date.now() - startMs,
    sent: after.sent - before.sent,
    ok: after.ok - before.ok,
    newConnections: after.newConnections - before.newConnections,
    quietSent: after.quietSent - before.quietSent,
    failures: after.failures.slice(before.failures.length),
    inFlightAtStart: maxInFlight(after, startMs),
    servedBy: Object.fromEntries(
      Object.entries(after.servedBy)
        .map(([pod, count]) => [pod, count - (before.servedBy[pod] ?? 0)] as const)
        .filter(([, count]) => count > 0),
    ),
  };
}

/** From a second before to the third after. */
function maxInFlight({ inFlightBySecond }: Account, atMs: number): number {
  const second = Math.floor(atMs / 1000);
  const around = [-1, 0, 1, 2, 3].map((offset) => inFlightBySecond[second + offset] ?? 0);
  return Math.max(...around);
}

/** Prints the figures of an observation. */
export function reportLoad(what: string, seen: Observation): void {
  const seconds = seen.durationMs / 1000;
  const failed = seen.failures.length;
  report(
    `${what}: ${seen.sent} requests in ${seconds.toFixed(0)} s (${(seen.sent / seconds).toFixed(0)}/s), ` +
      `${seen.newConnections} new connections, ${failed} failed (at most ${seen.inFlightAtStart} in flight)`,
  );
  for (const [line, count] of Map.groupBy(seen.failures, describeFailure))
    report(`  ${count.length} × ${line}`);
}

export function describeFailure({ kind, reason }: Failure): string {
  return `${kind}: ${reason}`;
}
