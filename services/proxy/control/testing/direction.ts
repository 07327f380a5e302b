import type { DirectionConfig } from '../../config.ts';

/** Connect settings for tests: quick to fail, quick to come back. */
export const TEST_DIRECTION: Pick<DirectionConfig, 'connect' | 'backoff'> = {
  connect: { timeoutMs: 1000, keepAliveMs: 0, userTimeoutMs: 0 },
  backoff: { minMs: 20, maxMs: 100, jitter: 0.1 },
};
