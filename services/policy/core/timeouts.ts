import type { Millis } from '#lib/base';
import { type Annotations, DURATION, readAnnotation } from './annotation-reader.ts';

/** Limits on a request; one that is not set does not apply. */
export interface Timeouts {
  /** From the end of the request to the head of its response. */
  readonly responseMs?: Millis;
  /** The whole stream. */
  readonly requestMs?: Millis;
  /** Without a frame in either direction. */
  readonly idleMs?: Millis;
}

/** Reads `timeout.linkerd.io/…`; zero is the same as absent. Throws an AnnotationError. */
export function readTimeouts(annotations: Annotations): Timeouts {
  const read = (name: string) =>
    readAnnotation(annotations, `timeout.linkerd.io/${name}`, DURATION) || undefined;
  const responseMs = read('response');
  const requestMs = read('request');
  const idleMs = read('idle');
  return {
    ...(responseMs !== undefined && { responseMs }),
    ...(requestMs !== undefined && { requestMs }),
    ...(idleMs !== undefined && { idleMs }),
  };
}
