import { backoffDelayMs, describeError, type Random } from '#lib/base';

export interface ReconcilerOptions {
  /** Makes things as they should be; `again` to be called again soon. May reject. */
  readonly run: (signal: AbortSignal) => Promise<'done' | 'again'>;
  readonly intervalMs: number;
  readonly random: Random;
  /** Hears why `run` rejected, the same reason once. */
  readonly onFailure: (sentence: string) => void;
}

export interface Reconciler {
  /** Runs now, or once more after the run that is under way; resolves when that is over. Never rejects. */
  check(): Promise<void>;
  close(): Promise<void>;
}

const RETRY = { minMs: 500, maxMs: 10_000, jitter: 0.3 };

/** Runs one thing at the time: at once, on demand, on a timer, and soon after a failure. */
export function createReconciler({ run, intervalMs, random, onFailure }: ReconcilerOptions): Reconciler {
  const ending = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  let attempt = 0;
  let lastSentence = '';

  const runOnce = async () => {
    clearTimeout(timer);
    let delayMs = intervalMs;
    try {
      if ((await run(ending.signal)) === 'again') delayMs = RETRY.minMs;
      attempt = 0;
      lastSentence = '';
    } catch (error) {
      const sentence = describeError(error);
      if (sentence !== lastSentence && !ending.signal.aborted) onFailure(sentence);
      lastSentence = sentence;
      delayMs = Math.min(backoffDelayMs(RETRY, attempt++, random), intervalMs);
    }
    if (!ending.signal.aborted) timer = setTimeout(() => void check(), delayMs);
  };

  const start = (): Promise<void> => {
    running = runOnce().finally(() => {
      running = undefined;
    });
    return running;
  };

  const check = (): Promise<void> => {
    if (ending.signal.aborted) return Promise.resolve();
    if (running === undefined) return start();
    next ??= running.then(() => {
      next = undefined;
      return ending.signal.aborted ? undefined : start();
    });
    return next;
  };

  void check();
  return {
    check,
    async close() {
      ending.abort();
      clearTimeout(timer);
      await running;
    },
  };
}
