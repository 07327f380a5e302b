import type { outbound } from '#lib/api';
import type { BackoffConfig } from '#lib/base';
import type { FailureAccrual } from '../../outbound/client-policy.ts';
import { readDurationMs, readOptionalDurationMs } from './duration.ts';
import { InvalidPolicyError, requireField } from './invalid-policy.ts';

const MIN_WINDOW_MS = 10;
const MAX_MIN_REQUESTS = 1_000_000;

/** Undefined where nothing is ever taken out of use. Source: facts sheet proxy-api, section 10, "validation". */
export function convertFailureAccrual(
  accrual: outbound.FailureAccrual | undefined,
): FailureAccrual | undefined {
  switch (accrual?.kind.case) {
    case 'consecutiveFailures': {
      const { maxFailures, backoff } = accrual.kind.value;
      if (maxFailures === 0) return undefined;
      return { kind: 'consecutive', maxFailures, backoff: readBackoff(backoff) };
    }
    case 'unified':
      return convertUnified(accrual.kind.value);
    default:
      return undefined;
  }
}

function convertUnified(unified: outbound.FailureAccrual_Unified): FailureAccrual {
  const { successRateThreshold, minRequests } = unified;
  if (!(successRateThreshold >= 0 && successRateThreshold <= 1)) {
    throw new InvalidPolicyError(`the success rate ${successRateThreshold} is not between 0 and 1`);
  }
  const windowMs = readOptionalDurationMs(unified.decay, 'the window of the success rate');
  if (successRateThreshold > 0 && windowMs !== undefined && windowMs < MIN_WINDOW_MS) {
    throw new InvalidPolicyError(`the window of the success rate is under ${MIN_WINDOW_MS}ms`);
  }
  if (minRequests > MAX_MIN_REQUESTS) throw new InvalidPolicyError(`${minRequests} requests are too many`);
  const backoff = readBackoff(unified.backoff);
  return { kind: 'unified', maxFailures: unified.maxConsecutiveFailures, backoff };
}

export function readBackoff(message: outbound.ExponentialBackoff | undefined): BackoffConfig {
  const backoff = requireField(message, 'a backoff');
  const minMs = readDurationMs(backoff.minBackoff, 'the minimum of a backoff');
  const maxMs = readDurationMs(backoff.maxBackoff, 'the maximum of a backoff');
  const jitter = backoff.jitterRatio;
  if (minMs > maxMs) throw new InvalidPolicyError('the minimum of a backoff is above its maximum');
  if (!(jitter >= 0 && Number.isFinite(jitter)))
    throw new InvalidPolicyError('the jitter of a backoff is negative');
  return { minMs, maxMs, jitter };
}
