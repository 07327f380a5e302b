import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Clock, systemClock } from '#lib/base';
import type { Registry } from './registry.ts';

const MIN_PERIOD_MS = 1000;
const MAX_PERIOD_MS = 60_000;
const SWEEPS_PER_IDLE_TIME = 10;

export interface ExpiryOptions {
  /** How long a series that nobody holds may be the same before it is dropped. */
  readonly idleMs: number;
  readonly clock?: Clock;
}

/**
 * Drops idle series by a slow timer, a family a turn of the event loop. Memory goes back when the engine next collects
 * its garbage: it alone knows that a series is held by nobody. Returns what ends it.
 */
export function startExpiry(registries: readonly Registry[], options: ExpiryOptions): () => void {
  const { idleMs, clock = systemClock } = options;
  const periodMs = Math.min(MAX_PERIOD_MS, Math.max(MIN_PERIOD_MS, idleMs / SWEEPS_PER_IDLE_TIME));
  let sweeping = false;
  const sweep = async () => {
    if (sweeping) return;
    sweeping = true;
    await sweepIdle(registries, { idleMs, clock });
    sweeping = false;
  };
  const timer = setInterval(() => void sweep(), periodMs);
  timer.unref();
  return () => clearInterval(timer);
}

/** One sweep over all families. It lets go of what is idle; what nobody else holds goes with one that comes after. */
export async function sweepIdle(
  registries: readonly Registry[],
  options: Required<ExpiryOptions>,
): Promise<void> {
  for (const registry of registries) {
    for (const family of registry.families()) {
      family.sweep(options.clock.monotonic(), options.idleMs);
      await nextTurn();
    }
  }
}
