import type { Duration, httpRoute, outbound } from '#lib/api';
import { readOptionalDurationMs } from './duration.ts';
import { readBackoff } from './failure-accrual.ts';
import { InvalidPolicyError, requireField } from './invalid-policy.ts';

const MAX_RETRIES = 65_535;

interface RuleSettings {
  readonly timeouts?: httpRoute.Timeouts | undefined;
  readonly requestTimeout?: Duration | undefined;
  readonly retry?: outbound.HttpRoute_Retry | outbound.GrpcRoute_Retry | undefined;
}

/** Timeouts and retries are carried out by a later issue; a policy with bad ones is invalid all the same. */
export function checkRuleSettings({ timeouts, requestTimeout, retry }: RuleSettings): void {
  readOptionalDurationMs(requestTimeout, 'the request timeout');
  readOptionalDurationMs(timeouts?.request, 'the request timeout');
  readOptionalDurationMs(timeouts?.response, 'the response timeout');
  readOptionalDurationMs(timeouts?.idle, 'the idle timeout');
  if (retry !== undefined) checkRetry(retry);
}

function checkRetry(retry: outbound.HttpRoute_Retry | outbound.GrpcRoute_Retry): void {
  if (retry.maxRetries > MAX_RETRIES)
    throw new InvalidPolicyError(`${retry.maxRetries} retries are too many`);
  readOptionalDurationMs(retry.timeout, 'the timeout of a retry');
  if (retry.backoff !== undefined) readBackoff(retry.backoff);
  const conditions = requireField(retry.conditions, 'the conditions of a retry');
  if (!('statusRanges' in conditions)) return;
  for (const { start, end } of conditions.statusRanges) {
    if (start < 1 || end > 599 || start > end) {
      throw new InvalidPolicyError(`${start}-${end} is not a range of HTTP statuses`);
    }
  }
}
