/** `make soak`: a mesh under mixed load that is disrupted all the time; exit code 1 where something grows or fails. */
import { describeError } from '#lib/base';
import type { LocalMesh } from '../integration/mesh/local-mesh.ts';
import { readConfig } from './config.ts';
import { runSoak } from './soak.ts';

const ANY_SEED = Date.now() % 1_000_000;
const interrupt = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupt.abort());

let mesh: LocalMesh | undefined;
try {
  const problems = await runSoak(readConfig(process.argv.slice(2), ANY_SEED), {
    report: (text) => process.stdout.write(text),
    onMesh: (started) => {
      mesh = started;
    },
    signal: interrupt.signal,
  });
  for (const problem of problems) process.stdout.write(`soak: ${problem}\n`);
  process.stdout.write(problems.length === 0 ? 'soak: nothing grows, every failure is explained\n' : '');
  if (problems.length > 0) process.exitCode = 1;
} catch (error) {
  process.stderr.write(`soak: ${describeError(error)}\n`);
  process.exitCode = 1;
} finally {
  await mesh?.stop();
}
