import { create } from '@bufbuild/protobuf';
import { type Duration, DurationSchema } from '@bufbuild/protobuf/wkt';

const NS_PER_MS = 1_000_000;
const MS_PER_SECOND = 1000;

/**
 * A protobuf Duration of so many milliseconds, exact to the nanosecond.
 * Throws a RangeError for what is not finite, or longer than 10,000 years.
 */
export function toDuration(ms: number): Duration {
  // The message bounds its seconds so; source: google/protobuf/duration.proto.
  if (!(Math.abs(ms) <= 315_576_000_000 * MS_PER_SECOND)) {
    throw new RangeError(`${ms} ms is not a duration a message can hold`);
  }
  let seconds = Math.trunc(ms / MS_PER_SECOND);
  let nanos = Math.round((ms - seconds * MS_PER_SECOND) * NS_PER_MS);
  if (Math.abs(nanos) === MS_PER_SECOND * NS_PER_MS) {
    seconds += Math.sign(nanos);
    nanos = 0;
  }
  return create(DurationSchema, { seconds: BigInt(seconds), nanos });
}

/** The milliseconds of a protobuf Duration, with a fraction where it is finer. */
export function fromDuration(duration: Duration): number {
  return Number(duration.seconds) * MS_PER_SECOND + duration.nanos / NS_PER_MS;
}
