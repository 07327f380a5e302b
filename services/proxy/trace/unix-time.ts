import type { Clock, Millis } from '#lib/base';

/** The clock of the machine may be behind ours by so much before it counts as set anew. */
const TOLERANCE_MS: Millis = 20;

/**
 * Milliseconds since 1970 with their fractions, which never go back as long as the machine's clock is not set anew; the
 * clock alone knows whole milliseconds only.
 */
export function createUnixTime(clock: Clock): () => Millis {
  let offsetMs = Number.NEGATIVE_INFINITY;
  return () => {
    const monotonicMs = clock.monotonic();
    // Cut off to a whole millisecond, it is late or right: the greatest one seen is the best.
    const seenMs = clock.now() - monotonicMs;
    if (seenMs > offsetMs || seenMs < offsetMs - TOLERANCE_MS) offsetMs = seenMs;
    return monotonicMs + offsetMs;
  };
}
