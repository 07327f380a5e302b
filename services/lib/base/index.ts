export { type BackoffConfig, backoffDelayMs } from './backoff.ts';
export { type Clock, systemClock } from './clock.ts';
export { type Millis, parseDuration, parseGoDuration } from './duration.ts';
export { describeError, errorCode, MeshError } from './errors.ts';
export { type Random, seededRandom, systemRandom } from './random.ts';
