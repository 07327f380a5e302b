import { Worker } from 'node:worker_threads';
import { MeshError, seededRandom } from '#lib/base';
import { createChecker, HANG, WORKER_LIMITS } from './checker.ts';
import type { FuzzConfig } from './config.ts';
import { shrink } from './shrink.ts';
import type { Target } from './target.ts';
import { STATE, type WorkerMessage, type WorkerTask } from './worker-task.ts';

const WORKER = new URL('worker.ts', import.meta.url);
const REPORT_EVERY_MS = 10_000;
const WATCH_EVERY_MS = 250;

/** An input about which a parser breaks its word. */
export interface Finding {
  readonly name: string;
  /** Of the case. */
  readonly seed: number;
  readonly input: Buffer;
  /** Why: what was thrown, and where; HANG. */
  readonly failure: string;
}

export interface FuzzContext {
  readonly report: (text: string) => void;
  /** A module that exports TARGETS. */
  readonly targetsUrl: string;
  /** Longer than this for one case is for ever. */
  readonly hangMs: number;
}

/** Runs cases until the time is over, all are done, or something is found. Throws a MeshError for an unknown name. */
export async function runFuzz(config: FuzzConfig, context: FuzzContext): Promise<Finding | undefined> {
  const { TARGETS } = (await import(context.targetsUrl)) as { TARGETS: readonly Target[] };
  const names = chooseNames(TARGETS, config.only);
  context.report(`fuzz: seed ${config.seed}, ${names.join(' ')}\n`);
  const found = await runWorker({ names, targets: TARGETS, config, context });
  const target = TARGETS.find(({ name }) => name === found?.name);
  if (found === undefined || target === undefined) return undefined;
  const input = target.generate(seededRandom(found.seed));
  if (!target.isShrinkable) return { ...found, input };
  context.report(`fuzz: ${target.name}, seed ${found.seed}: looking for a smaller input\n`);
  const checker = createChecker(context.targetsUrl, target.name, context.hangMs);
  try {
    return { ...found, input: await shrink(input, (candidate) => checker.check(candidate)) };
  } finally {
    await checker.close();
  }
}

function chooseNames(targets: readonly Target[], only: readonly string[]): readonly string[] {
  const names = targets.map(({ name }) => name);
  const unknown = only.find((prefix) => !names.some((name) => name.startsWith(prefix)));
  if (unknown !== undefined) {
    throw new MeshError('FUZZ_CONFIG_INVALID', `--only has "${unknown}"; there are ${names.join(', ')}`);
  }
  return only.length === 0 ? names : names.filter((name) => only.some((prefix) => name.startsWith(prefix)));
}

interface Run {
  readonly names: readonly string[];
  readonly targets: readonly Target[];
  readonly config: FuzzConfig;
  readonly context: FuzzContext;
}

function runWorker(run: Run): Promise<Omit<Finding, 'input'> | undefined> {
  const { names, targets, config, context } = run;
  const state = new SharedArrayBuffer(STATE.length * Uint32Array.BYTES_PER_ELEMENT);
  const watched = new Uint32Array(state);
  const { seed, cases } = config;
  const workerData: WorkerTask = { targetsUrl: context.targetsUrl, run: { names, seed, cases }, state };
  const worker = new Worker(WORKER, { workerData, resourceLimits: WORKER_LIMITS });
  const counts = new Map<string, number>();
  return new Promise((resolve) => {
    const stopWatch = watch({ watched, hangMs: context.hangMs, seconds: config.seconds }, (reason) =>
      end(reason === undefined ? undefined : findingOf(reason)),
    );
    const reporting = setInterval(() => context.report(renderCounts(counts)), REPORT_EVERY_MS);
    const findingOf = (failure: string) => {
      const name = targets[watched[STATE.target] ?? 0]?.name ?? '';
      return { name, seed: watched[STATE.seed] ?? 0, failure };
    };
    const end = (finding: Omit<Finding, 'input'> | undefined) => {
      stopWatch();
      clearInterval(reporting);
      context.report(renderCounts(counts));
      void worker.terminate().then(() => resolve(finding));
    };
    worker.on('message', (message: WorkerMessage) => {
      if (message.kind === 'progress') counts.set(message.name, message.cases);
      else if (message.kind === 'failed') end(message);
      else if (message.kind === 'done') end(undefined);
    });
    // Such as too much memory.
    worker.on('error', (error) => end(findingOf(String(error))));
  });
}

/** Calls back with HANG where the worker's beat stands still, with undefined when the time is over. */
function watch(
  { watched, hangMs, seconds }: { watched: Uint32Array; hangMs: number; seconds: number },
  onEnd: (reason: string | undefined) => void,
): () => void {
  const startedMs = performance.now();
  let beat = 0;
  let beatMs = startedMs;
  const timer = setInterval(() => {
    const nowMs = performance.now();
    const nowBeat = Atomics.load(watched, STATE.beat);
    // Before the first beat it is still being loaded.
    if (nowBeat !== beat || nowBeat === 0) beatMs = nowMs;
    beat = nowBeat;
    if (nowMs - startedMs > seconds * 1000) onEnd(undefined);
    else if (nowMs - beatMs > hangMs) onEnd(HANG);
  }, WATCH_EVERY_MS);
  return () => clearInterval(timer);
}

function renderCounts(counts: ReadonlyMap<string, number>): string {
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  return `fuzz: ${total} cases: ${[...counts].map(([name, count]) => `${name} ${count}`).join(', ')}\n`;
}
