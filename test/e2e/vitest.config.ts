import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { createSummaryReporter } from '../support/summary-reporter.ts';

const ROOT = join(import.meta.dirname, '../..');

/** The scenarios on a real Kubernetes, one after the other: see test/e2e/README.md. */
export default defineConfig({
  root: ROOT,
  test: {
    reporters: ['default', createSummaryReporter({ areSkipsFailures: Boolean(process.env['CI']) })],
    include: ['test/e2e/scenarios/**/*.test.ts'],
    globalSetup: ['test/e2e/global-setup.ts'],
    setupFiles: ['test/e2e/each-test.ts'],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
