import { writeSync } from 'node:fs';
import type { Reporter, TestCase, TestModule } from 'vitest/node';

export interface SummaryOptions {
  /** Whether a skipped test fails the run: on CI nothing may be green by not having run. */
  readonly areSkipsFailures: boolean;
}

/** What a run came to. */
interface Summary {
  readonly passed: number;
  readonly failed: number;
  /** A line for each test that did not run: where it is and why. */
  readonly skips: readonly string[];
  /** A line for each test that failed at first and passed when it was repeated. */
  readonly flakes: readonly string[];
}

/**
 * Closes a run of all suites with `N passed, N failed` alone on the last line, after a line for each test that
 * was skipped. Files that could not be run and errors outside any test count as failed, so that the line never
 * says "0 failed" of a run that exits with an error.
 */
export function createSummaryReporter(options: SummaryOptions): Reporter {
  return {
    onTestRunEnd(modules, errors) {
      const summary = summarize(modules, errors.length, options);
      if (summary.failed > 0) process.exitCode = 1;
      // Other reporters write until the end; this line is to be the last.
      process.once('exit', () => writeSync(process.stdout.fd, renderSummary(summary)));
    },
  };
}

function summarize(
  modules: readonly TestModule[],
  errorCount: number,
  { areSkipsFailures }: SummaryOptions,
): Summary {
  const tests = modules.flatMap((module) => [...module.children.allTests()]);
  const count = (state: string): number => tests.filter((test) => test.result().state === state).length;
  const brokenFiles = modules.filter((module) => module.errors().length > 0).length;
  const flakes = tests.filter((test) => test.diagnostic()?.flaky).map(describeTest);
  const skips = tests.filter((test) => test.result().state === 'skipped').map(describeSkip);
  const failed = count('failed') + brokenFiles + errorCount + (areSkipsFailures ? skips.length : 0);
  // A run without any test has proved nothing.
  return {
    passed: count('passed'),
    failed: tests.length === 0 ? Math.max(failed, 1) : failed,
    skips,
    flakes,
  };
}

function describeSkip(test: TestCase): string {
  const result = test.result();
  const note = result.state === 'skipped' ? result.note : undefined;
  return `${describeTest(test)}${note === undefined ? '' : ` (${note})`}`;
}

function describeTest(test: TestCase): string {
  return `${test.module.relativeModuleId}: ${test.fullName}`;
}

/** The closing lines. */
function renderSummary({ passed, failed, skips, flakes }: Summary): string {
  const skipped = skips.map((skip) => `skipped: ${skip}\n`).join('');
  const flaky = flakes.map((flake) => `flaky, passed when repeated: ${flake}\n`).join('');
  return `${skipped}${flaky}\n${passed} passed, ${failed} failed\n`;
}
