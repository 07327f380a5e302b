import { type MessageInitShape, type outbound, toDuration } from '#lib/api';
import type { Backoff } from '../core/backoff.ts';
import type { FailureAccrual } from '../core/failure-accrual.ts';

export function translateFailureAccrual(
  accrual: FailureAccrual,
): MessageInitShape<typeof outbound.FailureAccrualSchema> {
  const { maxFailures } = accrual;
  if (accrual.kind === 'consecutive') {
    const value = { maxFailures, backoff: translateBackoff(accrual.backoff) };
    return { kind: { case: 'consecutiveFailures', value } };
  }
  const value = {
    successRateThreshold: accrual.successRateThreshold,
    decay: toDuration(accrual.windowMs),
    minRequests: accrual.minRequests,
    maxConsecutiveFailures: maxFailures,
    backoff: { ...translateBackoff(accrual.backoff), respectRetryAfterHint: accrual.honorsRetryAfter },
  };
  return { kind: { case: 'unified', value } };
}

export function translateBackoff({ minMs, maxMs, jitterRatio }: Backoff) {
  return { minBackoff: toDuration(minMs), maxBackoff: toDuration(maxMs), jitterRatio };
}
