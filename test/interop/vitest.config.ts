import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { createSummaryReporter } from '../support/summary-reporter.ts';

const ROOT = join(import.meta.dirname, '../..');

/** Other people's programs as peers of our proxies: see README.md. */
export default defineConfig({
  root: ROOT,
  test: {
    reporters: ['default', createSummaryReporter({ areSkipsFailures: Boolean(process.env['CI']) })],
    include: ['test/interop/**/*.test.ts'],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 240_000,
  },
});
