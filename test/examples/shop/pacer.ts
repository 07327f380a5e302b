/**
 * Says how many requests are due at a steady rate. After a standstill it starts afresh: a rate is held, a backlog
 * is not caught up.
 */
export interface Pacer {
  /** How many requests to start at `nowMs`; each call counts them as started. */
  takeDue(nowMs: number): number;
}

/** More than this is a backlog, not a late timer. */
const LATE_MAX_MS = 250;

export function createPacer(ratePerSecond: number, startMs: number): Pacer {
  if (ratePerSecond === 0) return { takeDue: () => 0 };
  let pacedMs = startMs;
  const stepMs = 1000 / ratePerSecond;
  return {
    takeDue: (nowMs) => {
      if (nowMs - pacedMs > LATE_MAX_MS) pacedMs = nowMs - stepMs;
      const due = Math.floor((nowMs - pacedMs) / stepMs);
      pacedMs += due * stepMs;
      return due;
    },
  };
}
