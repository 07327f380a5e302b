import type { Output } from '../output/output.ts';
import { removeInstance } from './cleanup.ts';
import { bringUp, type UpOptions } from './up.ts';

/** How long containers may take to end when the mesh does. */
const END_GRACE_MS = 5000;
const SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** Runs a local mesh until a signal comes; a second signal does not wait for the containers. */
export async function runInForeground(options: UpOptions, output: Output): Promise<void> {
  let interrupt: () => void = () => {};
  const interrupted = new Promise<void>((resolve) => {
    interrupt = resolve;
  });
  let signals = 0;
  const onSignal = () => {
    signals += 1;
    interrupt();
    if (signals === 2) void removeAtOnce();
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  // What was started for us in a terminal that is gone goes on all the same.
  process.stdout.on('error', () => {});
  process.stderr.on('error', () => {});
  const mesh = await bringUp(options, output);
  const removeAtOnce = async () => {
    await removeInstance(options.name, mesh.paths);
    process.exit(130);
  };
  await interrupted;
  output.stdout('\n√ the mesh is being taken down\n');
  await mesh.stop(END_GRACE_MS);
  for (const signal of SIGNALS) process.off(signal, onSignal);
}
