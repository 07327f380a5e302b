import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeError } from '#lib/base';
import { runBenchmark } from './benchmark.ts';
import { judge } from './bounds.ts';
import { createCleanup } from './cleanup.ts';
import { killRunningCommands } from './command.ts';
import { readConfig } from './config.ts';
import { checkRequirements } from './requirements.ts';
import { renderResults, renderVerdicts } from './table.ts';

const RESULTS_DIR = join(import.meta.dirname, 'results');
const cleanup = createCleanup();
const interrupt = new AbortController();

/** Ends at once, with nothing left behind. */
function abandon(exitCode: number): void {
  interrupt.abort();
  killRunningCommands();
  void cleanup.run().then(() => process.exit(exitCode));
}

process.once('SIGINT', () => abandon(130));
process.once('SIGTERM', () => abandon(143));
// Nobody reads the rows any more: what SIGPIPE does to other programs.
process.stdout.on('error', () => abandon(141));

try {
  const config = readConfig(process.env);
  await checkRequirements();
  const report = (line: string): void => void process.stdout.write(`${line}\n`);
  const { results, failures } = await runBenchmark(config, { cleanup, report, signal: interrupt.signal });
  await mkdir(RESULTS_DIR, { recursive: true });
  await writeFile(join(RESULTS_DIR, 'latest.json'), `${JSON.stringify(results, null, 2)}\n`);
  process.stdout.write(`\n${renderResults(results)}\n${renderVerdicts(judge(results))}`);
  for (const failure of failures) process.stderr.write(`bench: ${failure}\n`);
  if (failures.length > 0) process.exitCode = 1;
} catch (error) {
  if (!interrupt.signal.aborted) process.stderr.write(`bench: ${describeError(error)}\n`);
  process.exitCode = 1;
} finally {
  await cleanup.run();
}
