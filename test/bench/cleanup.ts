import { describeError } from '#lib/base';

/** Undoes what was made, last made first, once, whatever ends the benchmark. */
export interface Cleanup {
  add(what: string, undo: () => Promise<void> | void): void;
  run(): Promise<void>;
}

export function createCleanup(): Cleanup {
  const undos: { what: string; undo: () => Promise<void> | void }[] = [];
  let running: Promise<void> | undefined;
  const runAll = async (): Promise<void> => {
    for (let entry = undos.pop(); entry !== undefined; entry = undos.pop()) {
      try {
        await entry.undo();
      } catch (error) {
        process.stderr.write(`bench: could not clean up ${entry.what}: ${describeError(error)}\n`);
      }
    }
  };
  return {
    add: (what, undo) => {
      undos.push({ what, undo });
      // Made while all was being removed.
      if (running !== undefined) running = running.then(runAll);
    },
    run: () => {
      running ??= runAll();
      return running;
    },
  };
}
