import type { Probe } from '#lib/resources';

/** A probe with Kubernetes' defaults filled in. */
export interface ProbeTiming {
  readonly initialDelayMs: number;
  readonly periodMs: number;
  readonly timeoutMs: number;
  readonly successThreshold: number;
  readonly failureThreshold: number;
}

export function readProbeTiming(probe: Probe): ProbeTiming {
  return {
    initialDelayMs: (probe.initialDelaySeconds ?? 0) * 1000,
    periodMs: (probe.periodSeconds ?? 10) * 1000,
    timeoutMs: (probe.timeoutSeconds ?? 1) * 1000,
    successThreshold: probe.successThreshold ?? 1,
    failureThreshold: probe.failureThreshold ?? 3,
  };
}

/** Results so far: how many in a row were the same. */
export interface ProbeCount {
  readonly success: boolean;
  readonly times: number;
}

export type ProbeVerdict = 'passed' | 'failed' | 'undecided';

export function countResult(count: ProbeCount | undefined, success: boolean): ProbeCount {
  return { success, times: count?.success === success ? count.times + 1 : 1 };
}

/** A probe passes or fails only after its threshold of equal results. */
export function judgeProbe(count: ProbeCount, timing: ProbeTiming): ProbeVerdict {
  const threshold = count.success ? timing.successThreshold : timing.failureThreshold;
  if (count.times < threshold) return 'undecided';
  return count.success ? 'passed' : 'failed';
}
