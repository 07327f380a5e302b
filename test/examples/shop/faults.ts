import { type Environment, readNumber } from './config.ts';

/** What a service does wrong on purpose, for issues about retries, timeouts and circuit breakers. */
export interface Faults {
  /** True for the share FAILURE_RATE of the calls, spread evenly: every second call for 0.5. */
  nextFails(): boolean;
  /** How long every answer waits, DELAY_MS. */
  readonly delayMs: number;
}

export function createFaults(env: Environment): Faults {
  const nextFails = createShare(readNumber(env, 'FAILURE_RATE', 0));
  return { nextFails, delayMs: readNumber(env, 'DELAY_MS', 0) };
}

/** A function that answers true for `share` (0 to 1) of its calls, evenly and without chance. */
export function createShare(share: number): () => boolean {
  let owed = 0;
  return () => {
    owed += share;
    // A sum of tenths falls short of 1 by rounding.
    if (owed < 1 - 1e-9) return false;
    owed -= 1;
    return true;
  };
}
