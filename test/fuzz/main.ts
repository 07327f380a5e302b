/** `make fuzz`: cases without end for every parser; the first input that breaks one is printed, and the exit code is 1. */
import { describeError } from '#lib/base';
import { readConfig } from './config.ts';
import { type Finding, runFuzz } from './fuzz.ts';

/** Generous: this machine may be busy with something else. */
const HANG_MS = 20_000;
const ANY_SEED = Date.now() >>> 0;

function renderFinding({ name, seed, input, failure }: Finding): string {
  return [
    `fuzz: ${name}, seed ${seed}: ${failure}`,
    `input of ${input.length} bytes: ${input.toString('hex')}`,
    `as text: ${JSON.stringify(input.toString('latin1'))}`,
    `again: node test/fuzz/main.ts --only ${name} --seed ${seed} --cases 1`,
    '',
  ].join('\n');
}

try {
  const finding = await runFuzz(readConfig(process.argv.slice(2), ANY_SEED), {
    report: (text) => process.stdout.write(text),
    targetsUrl: new URL('targets.ts', import.meta.url).href,
    hangMs: HANG_MS,
  });
  if (finding !== undefined) {
    process.stdout.write(renderFinding(finding));
    process.exitCode = 1;
  }
} catch (error) {
  process.stderr.write(`fuzz: ${describeError(error)}\n`);
  process.exitCode = 2;
}
