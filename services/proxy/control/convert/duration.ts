import { type Duration, fromDuration } from '#lib/api';
import type { Millis } from '#lib/base';
import { InvalidPolicyError, requireField } from './invalid-policy.ts';

/** A duration that must be there and not be negative. */
export function readDurationMs(duration: Duration | undefined, what: string): Millis {
  const ms = fromDuration(requireField(duration, what));
  if (ms < 0) throw new InvalidPolicyError(`${what} is negative`);
  return ms;
}

export function readOptionalDurationMs(duration: Duration | undefined, what: string): Millis | undefined {
  return duration === undefined ? undefined : readDurationMs(duration, what);
}
