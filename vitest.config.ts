import { defineConfig } from 'vitest/config';
import { createSummaryReporter } from './test/support/summary-reporter.ts';

/** On CI a test that is skipped has not passed. */
const areSkipsFailures = Boolean(process.env['CI']) || process.env['REQUIRE_LAB'] === '1';

/** Suites, told apart by what they need: see test/README.md. One after the other, the quick ones first. */
export default defineConfig({
  test: {
    reporters: ['default', createSummaryReporter({ areSkipsFailures })],
    // CI's machine stands still at times. A test that needs its second try is named at the end: mend it.
    retry: process.env['CI'] ? 1 : 0,
    projects: [
      {
        test: {
          name: 'unit',
          include: [
            '{services,synth}/**/*.test.ts',
            'test/{bench,examples,fuzz,lab,soak,support}/**/*.test.ts',
          ],
          testTimeout: 10_000,
          maxWorkers: '100%',
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'architecture',
          include: ['test/architecture/**/*.test.ts'],
          testTimeout: 120_000,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          name: 'charts',
          include: ['test/charts/**/*.test.ts'],
          testTimeout: 120_000,
          // The first run on a machine fetches Helm.
          hookTimeout: 600_000,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          name: 'conformance',
          include: ['test/conformance/**/*.test.ts'],
          pool: 'forks',
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 300_000,
          sequence: { groupOrder: 3 },
        },
      },
      {
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts', 'test/demo/**/*.test.ts'],
          pool: 'forks',
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 4 },
        },
      },
    ],
  },
});
