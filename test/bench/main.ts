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
let interrupted = false;

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  process.once(signal, async () => {
    interrupted = true;
    killRunningCommands();
    await cleanup.run();
    process.exit(code);
  });
}

try {
  const config = readConfig(process.env);
  await checkRequirements();
  const results = await runBenchmark(config, cleanup, (line) => process.stdout.write(`${line}\n`));
  await mkdir(RESULTS_DIR, { recursive: true });
  await writeFile(join(RESULTS_DIR, 'latest.json'), `${JSON.stringify(results, null, 2)}\n`);
  process.stdout.write(`\n${renderResults(results)}\n${renderVerdicts(judge(results))}`);
} catch (error) {
  if (!interrupted) process.stderr.write(`bench: ${describeError(error)}\n`);
  process.exitCode = 1;
} finally {
  await cleanup.run();
}
