import { fileURLToPath } from 'node:url';
import { CHARTS } from './charts/index.ts';
import { compareChart, writeChart } from './helm/write-chart.ts';

const OUT_DIR = fileURLToPath(new URL('../charts/', import.meta.url));

/** Writes all charts into charts/; with --check it only says what would change, and fails if anything would. */
function main(args: readonly string[]): number {
  if (!args.includes('--check')) {
    for (const chart of CHARTS) writeChart(chart, OUT_DIR);
    return 0;
  }
  const differences = CHARTS.flatMap((chart) => compareChart(chart, OUT_DIR));
  for (const difference of differences) process.stderr.write(`charts/${difference}\n`);
  if (differences.length > 0) process.stderr.write('charts/ is not what synth/ says: run "make charts"\n');
  return differences.length === 0 ? 0 : 1;
}

process.exitCode = main(process.argv.slice(2));
