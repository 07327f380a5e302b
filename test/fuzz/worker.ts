/** Runs cases, or checks inputs, in a thread of its own: whoever started it sees when it does not come back. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { seededRandom } from '#lib/base';
import type { Target } from './target.ts';
import { type CheckRequest, STATE, type WorkerMessage, type WorkerTask } from './worker-task.ts';

const BATCH = 500;
/** After a whole batch a target's turn is over, or after that long. */
const TURN_MS = 500;

const task = workerData as WorkerTask;
const state = new Uint32Array(task.state);
const { TARGETS } = (await import(task.targetsUrl)) as { TARGETS: readonly Target[] };

function post(message: WorkerMessage): void {
  parentPort?.postMessage(message);
}

/** Why the target breaks its word about an input: the message and the place; undefined if it does not. */
function findFailure(target: Target, input: Buffer): string | undefined {
  try {
    target.check(input);
    return undefined;
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
}

/** Runs a batch of cases from `seed` on, and gives back how many; a failure is told. */
function runBatch(target: Target, seed: number, most: number): number {
  const endMs = performance.now() + TURN_MS;
  let done = 0;
  for (; done < most && performance.now() < endMs; done++) {
    state[STATE.seed] = seed + done;
    Atomics.add(state, STATE.beat, 1);
    const failure = findFailure(target, target.generate(seededRandom(seed + done)));
    if (failure !== undefined) {
      post({ kind: 'failed', name: target.name, seed: (seed + done) >>> 0, failure });
      return -1;
    }
  }
  return done;
}

async function runCases({ names, seed, cases }: NonNullable<WorkerTask['run']>): Promise<void> {
  const targets = TARGETS.filter(({ name }) => names.includes(name));
  const counts = targets.map(() => 0);
  while (counts.some((count) => count < cases)) {
    for (const [at, target] of targets.entries()) {
      const before = counts[at] ?? 0;
      state[STATE.target] = TARGETS.indexOf(target);
      const done = runBatch(target, seed + before, Math.min(BATCH, cases - before));
      if (done < 0) return;
      counts[at] = before + done;
      post({ kind: 'progress', name: target.name, cases: before + done });
      await nextTurn();
    }
  }
  post({ kind: 'done' });
}

if (task.run !== undefined) await runCases(task.run);
else {
  parentPort?.on('message', ({ name, input }: CheckRequest) => {
    const target = TARGETS.find((candidate) => candidate.name === name);
    post({ kind: 'checked', failure: target && findFailure(target, Buffer.from(input)) });
  });
  post({ kind: 'ready' });
}
