import type { Millis } from '#lib/base';
import {
  AnnotationError,
  type Annotations,
  BOOL,
  DURATION,
  decimal,
  readAnnotation,
  wholeNumber,
} from './annotation-reader.ts';
import type { Backoff } from './backoff.ts';

/** When an endpoint is taken out of use for its failures, and for how long. */
export type FailureAccrual =
  | { readonly kind: 'consecutive'; readonly maxFailures: number; readonly backoff: Backoff }
  | {
      readonly kind: 'unified';
      /** 0 turns the consecutive failures off. */
      readonly maxFailures: number;
      /** From 0 (off) to 1. */
      readonly successRateThreshold: number;
      readonly windowMs: Millis;
      /** Below this many requests in the window the success rate does not count. */
      readonly minRequests: number;
      readonly backoff: Backoff;
      /** Whether a Retry-After of the endpoint lengthens the backoff. */
      readonly honorsRetryAfter: boolean;
    };

const MODE = 'balancer.linkerd.io/failure-accrual';
const RATE = 'balancer.alpha.linkerd.io/failure-accrual-success-rate';
const HONOR_RETRY_AFTER = 'balancer.alpha.linkerd.io/failure-accrual-honor-retry-after';

const MAX_U32 = 2 ** 32 - 1;
const MIN_WINDOW_MS = 10;
const DEFAULTS = {
  maxFailures: 7,
  minPenaltyMs: 1000,
  maxPenaltyMs: 60_000,
  jitterRatio: 0.5,
  successRateThreshold: 0.8,
  windowMs: 10_000,
  minRequests: 5,
} as const;

/** Undefined when the Service asks for none. Throws an AnnotationError. */
export function readFailureAccrual(annotations: Annotations): FailureAccrual | undefined {
  const mode = annotations[MODE];
  if (mode === undefined) return undefined;
  if (mode !== 'consecutive' && mode !== 'unified') {
    throw new AnnotationError(MODE, mode, 'consecutive or unified');
  }
  const maxFailures =
    readAnnotation(annotations, `${MODE}-consecutive-max-failures`, wholeNumber(MAX_U32)) ??
    DEFAULTS.maxFailures;
  const backoff = readBackoff(annotations);
  if (mode === 'consecutive') return { kind: 'consecutive', maxFailures, backoff };
  return { kind: 'unified', maxFailures, backoff, ...readSuccessRate(annotations) };
}

function readBackoff(annotations: Annotations): Backoff {
  const minMs =
    readAnnotation(annotations, `${MODE}-consecutive-min-penalty`, DURATION) ?? DEFAULTS.minPenaltyMs;
  const maxKey = `${MODE}-consecutive-max-penalty`;
  const maxMs = readAnnotation(annotations, maxKey, DURATION) ?? DEFAULTS.maxPenaltyMs;
  const jitterRatio =
    readAnnotation(annotations, `${MODE}-consecutive-jitter-ratio`, decimal(100)) ?? DEFAULTS.jitterRatio;
  if (maxMs === 0 || minMs > maxMs) {
    const text = annotations[maxKey] ?? `${DEFAULTS.maxPenaltyMs}ms`;
    throw new AnnotationError(maxKey, text, `above zero and at least the minimum penalty of ${minMs}ms`);
  }
  return { minMs, maxMs, jitterRatio };
}

function readSuccessRate(annotations: Annotations) {
  const windowMs = readAnnotation(annotations, `${RATE}-window`, DURATION) ?? DEFAULTS.windowMs;
  if (windowMs < MIN_WINDOW_MS) {
    throw new AnnotationError(`${RATE}-window`, `${windowMs}ms`, `at least ${MIN_WINDOW_MS}ms`);
  }
  return {
    successRateThreshold:
      readAnnotation(annotations, `${RATE}-threshold`, decimal(1)) ?? DEFAULTS.successRateThreshold,
    windowMs,
    minRequests:
      readAnnotation(annotations, `${RATE}-min-requests`, wholeNumber(1_000_000)) ?? DEFAULTS.minRequests,
    honorsRetryAfter: readAnnotation(annotations, HONOR_RETRY_AFTER, BOOL) ?? false,
  };
}
