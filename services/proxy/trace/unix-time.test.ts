import { expect, it } from 'vitest';
import { createUnixTime } from './unix-time.ts';

/** A clock of whole milliseconds beside one with fractions. */
function createClock(offsetMs: number) {
  const clock = {
    ms: 0.4,
    offsetMs,
    now: () => Math.floor(clock.ms + clock.offsetMs),
    monotonic: () => clock.ms,
  };
  return clock;
}

it('has the fractions of a millisecond, and comes near the truth', () => {
  const clock = createClock(5000);
  const unixTime = createUnixTime(clock);
  let last = 0;
  for (; clock.ms < 3; clock.ms += 0.1) {
    const now = unixTime();
    expect(now).toBeGreaterThan(last);
    last = now;
  }
  expect(Math.abs(unixTime() - (clock.ms + 5000))).toBeLessThan(0.2);
});

it.each([60_000, -60_000])('follows a clock that is set anew by %i ms', (step) => {
  const clock = createClock(100_000);
  const unixTime = createUnixTime(clock);
  unixTime();
  clock.offsetMs += step;
  expect(Math.abs(unixTime() - (clock.ms + clock.offsetMs))).toBeLessThan(1);
});
