import type { Output } from '../output/output.ts';
import { removeInstance } from './cleanup.ts';
import { instancePaths } from './state/paths.ts';
import { bringUp, type UpOptions } from './up.ts';

/** How long containers may take to end when the mesh does. */
const END_GRACE_MS = 3000;
const SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
/** What shells report for a program that ended by SIGINT. */
const INTERRUPTED = 130;

/** Runs a local mesh until a signal comes; a second signal does not wait for the containers. */
export async function runInForeground(options: UpOptions, output: Output): Promise<void> {
  let signals = 0;
  let interrupt: () => void = () => {};
  const interrupted = new Promise<void>((resolve) => {
    interrupt = resolve;
  });
  const onSignal = () => {
    signals += 1;
    if (signals === 1) interrupt();
    else void abandon(options, INTERRUPTED);
  };
  const onUncaught = (error: unknown) => {
    output.stderr(`Error: ${error instanceof Error ? error.stack : String(error)}\n`);
    void abandon(options, 1);
  };
  // A terminal that is gone is no reason to end what was started in it.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  for (const signal of SIGNALS) process.on(signal, onSignal);
  const mesh = await bringUp(options, output);
  // From here on there is something to remove, whatever happens.
  process.on('uncaughtException', onUncaught);
  await interrupted;
  output.stdout('√ the mesh is being taken down\n');
  await mesh.stop(END_GRACE_MS);
  process.off('uncaughtException', onUncaught);
  for (const signal of SIGNALS) process.off(signal, onSignal);
}

/** Removes everything at once, and ends. */
async function abandon(options: UpOptions, exitCode: number): Promise<void> {
  await removeInstance(options.name, instancePaths(options.localDir, options.name));
  process.exit(exitCode);
}
