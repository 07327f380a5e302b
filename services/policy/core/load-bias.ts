import type { Millis } from '#lib/base';
import { type Annotations, BOOL, DURATION, readAnnotation } from './annotation-reader.ts';

/** Makes endpoints that fail look slow to the balancer. */
export interface LoadBias {
  /** The latency that a failure counts as. */
  readonly penaltyMs: Millis;
  /** The longest Retry-After that is believed. */
  readonly maxRetryAfterMs: Millis;
}

const PREFIX = 'balancer.alpha.linkerd.io/';

/** Undefined unless the Service asks for it. Throws an AnnotationError. */
export function readLoadBias(annotations: Annotations): LoadBias | undefined {
  if (readAnnotation(annotations, `${PREFIX}penalize-failures`, BOOL) !== true) return undefined;
  return {
    penaltyMs: readAnnotation(annotations, `${PREFIX}load-biaser-penalty`, DURATION) ?? 5000,
    maxRetryAfterMs: readAnnotation(annotations, `${PREFIX}load-biaser-max-retry-after`, DURATION) ?? 300_000,
  };
}
