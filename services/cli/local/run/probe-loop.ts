import type { Probe } from '#lib/resources';
import {
  countResult,
  judgeProbe,
  type ProbeCount,
  type ProbeVerdict,
  readProbeTiming,
} from '../core/probe-verdict.ts';

export interface ProbeLoop {
  stop(): void;
}

export interface ProbeLoopOptions {
  readonly probe: Probe;
  /** Asks once; resolves to whether all is well. */
  readonly ask: (timeoutMs: number) => Promise<boolean>;
  readonly onVerdict: (verdict: Exclude<ProbeVerdict, 'undecided'>) => void;
  /** Ask early and often until the first success; early failures don't count. For startup and readiness. */
  readonly eager: boolean;
}

const EAGER_FIRST_MS = 50;
const EAGER_MOST_MS = 500;

/** Asks again and again, at the probe's period, until it is stopped; tells every change of verdict. */
export function startProbeLoop(options: ProbeLoopOptions): ProbeLoop {
  const timing = readProbeTiming(options.probe);
  let count: ProbeCount | undefined;
  let told: ProbeVerdict | undefined;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  const record = (success: boolean) => {
    count = countResult(count, success);
    const verdict = judgeProbe(count, timing);
    if (verdict === 'undecided' || verdict === told) return;
    told = verdict;
    options.onVerdict(verdict);
  };
  const askRegularly = async () => {
    const success = await options.ask(timing.timeoutMs);
    if (stopped) return;
    record(success);
    if (!stopped) timer = setTimeout(() => void askRegularly(), timing.periodMs);
  };
  const askEarly = async (delayMs: number, countFromMs: number) => {
    const success = await options.ask(timing.timeoutMs);
    if (stopped) return;
    if (success || performance.now() >= countFromMs) {
      record(success);
      if (success) {
        if (!stopped) timer = setTimeout(() => void askRegularly(), timing.periodMs);
        return;
      }
    }
    if (stopped) return;
    const nextCountMs = performance.now() >= countFromMs ? performance.now() + timing.periodMs : countFromMs;
    timer = setTimeout(() => void askEarly(Math.min(delayMs * 2, EAGER_MOST_MS), nextCountMs), delayMs);
  };

  if (options.eager) {
    const firstCountMs = performance.now() + timing.initialDelayMs + timing.periodMs;
    timer = setTimeout(() => void askEarly(EAGER_FIRST_MS, firstCountMs), EAGER_FIRST_MS);
  } else timer = setTimeout(() => void askRegularly(), timing.initialDelayMs);
  return {
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
