import { setTimeout as sleep } from 'node:timers/promises';
import { describeError, MeshError } from '#lib/base';

export interface WaitOptions {
  /** Ends the sentence "… in 60 s": what was waited for. */
  readonly what: string;
  /** Where to look when it does not come. */
  readonly hint: string;
  readonly timeoutMs: number;
}

const PAUSE_MS = 100;

/**
 * Tries again until `attempt` no longer throws, and answers what it returns.
 *
 * @throws MeshError LAB_TIMEOUT with the last reason.
 */
export async function retryUntil<T>(attempt: () => Promise<T>, options: WaitOptions): Promise<T> {
  const deadlineMs = performance.now() + options.timeoutMs;
  for (;;) {
    try {
      return await attempt();
    } catch (cause) {
      if (performance.now() > deadlineMs) {
        const reason = `${describeError(cause)}. ${options.hint}`;
        throw new MeshError('LAB_TIMEOUT', `${options.what} in ${options.timeoutMs / 1000} s: ${reason}`, {
          cause,
        });
      }
    }
    await sleep(PAUSE_MS);
  }
}
