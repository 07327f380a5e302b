import type { Millis } from '#lib/base';
import type { Logger } from '#lib/telemetry';
import type { TcpTracker } from './metrics/tcp-series.ts';

export interface ShutdownOptions {
  readonly graceMs: Millis;
  readonly log: Logger;
  readonly tracker: TcpTracker;
  /** Stops accepting and tells every HTTP connection to finish. */
  readonly drain: () => void;
}

const CHECK_INTERVAL_MS = 50;

/**
 * Drains: nothing new is accepted, HTTP connections finish what is in flight, TCP forwards end by themselves.
 * Resolves when nothing is open any more, or after the grace period.
 */
export async function drainConnections(options: ShutdownOptions): Promise<void> {
  const { graceMs, log, tracker, drain } = options;
  log.info('Received shutdown signal', { openConnections: tracker.size });
  drain();
  const deadline = performance.now() + graceMs;
  while (tracker.size > 0) {
    if (performance.now() >= deadline) {
      log.warn(`Graceful shutdown did not complete in ${graceMs / 1000}s, terminating now`);
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, CHECK_INTERVAL_MS));
  }
}
