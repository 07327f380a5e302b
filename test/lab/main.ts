import { parseArgs } from 'node:util';
import { describeError } from '#lib/base';
import { readStatus, startLab, stopLab } from './lab.ts';

const USAGE = 'usage: node test/lab/main.ts up [--image file.tar]... | down | status';
const EXIT = { failed: 1, usage: 2, down: 3 };

function print(line: string): void {
  process.stdout.write(`lab: ${line}\n`);
}

function secondsSince(startMs: number): string {
  return `${((performance.now() - startMs) / 1000).toFixed(1)} s`;
}

async function up(images: readonly string[]): Promise<void> {
  const startMs = performance.now();
  const lab = await startLab({ log: print });
  if (images.length > 0) await lab.importImages(images);
  const { lines } = await readStatus();
  for (const line of lines) print(line);
  print(`kubectl: ${lab.kubectl}`);
  print(`up in ${secondsSince(startMs)}`);
}

async function down(): Promise<void> {
  const startMs = performance.now();
  await stopLab();
  print(`down in ${secondsSince(startMs)}`);
}

async function status(): Promise<void> {
  const { isUp, lines } = await readStatus();
  for (const line of lines) print(line);
  if (!isUp) process.exitCode = EXIT.down;
}

try {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { image: { type: 'string', multiple: true, default: [] } },
  });
  const [command] = positionals;
  if (command === 'up') await up(values.image);
  else if (command === 'down') await down();
  else if (command === 'status') await status();
  else {
    process.stderr.write(`${USAGE}\n`);
    process.exitCode = EXIT.usage;
  }
} catch (error) {
  process.stderr.write(`lab: ${describeError(error)}\n`);
  process.exitCode = EXIT.failed;
}
