import { describe, expect, it } from 'vitest';
import type { Pod } from '#lib/resources';
import {
  buildPodStatus,
  type ContainerState,
  describePodStatus,
  isPodReady,
  type PodReport,
} from './pod-status.ts';
import { countResult, judgeProbe, type ProbeCount, readProbeTiming } from './probe-verdict.ts';

const POD: Pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web' },
  spec: {
    initContainers: [{ name: 'init' }, { name: 'proxy', restartPolicy: 'Always' }],
    containers: [{ name: 'app' }],
  },
};
const done: ContainerState = { type: 'exited', exitCode: 0 };
const running = (ready: boolean, started = true): ContainerState => ({
  type: 'running',
  started,
  ready,
  pid: 1,
});

function report(states: Record<string, ContainerState>, more: Partial<PodReport> = {}): PodReport {
  const containers = new Map(
    Object.entries(states).map(([name, state]) => [name, { name, state, restarts: 0 }]),
  );
  return {
    podIp: '10.42.0.5',
    nodeIp: '10.42.0.1',
    startTime: '',
    terminating: false,
    failure: undefined,
    containers,
    ...more,
  };
}

describe('pod status', () => {
  it.each([
    [report({}), 'Init:0/2', false],
    [report({ init: done, proxy: running(false, false) }), 'Init:1/2', false],
    [report({ init: done, proxy: running(true), app: running(false) }), 'Running', false],
    [report({ init: done, proxy: running(false), app: running(true) }), 'Running', false],
    [report({ init: done, proxy: running(true), app: running(true) }), 'Running', true],
    [
      report({
        init: done,
        proxy: running(true),
        app: { type: 'backoff', exitCode: 1, reason: 'CrashLoopBackOff' },
      }),
      'CrashLoopBackOff',
      false,
    ],
    [
      report({ init: done, proxy: running(true), app: running(true) }, { terminating: true }),
      'Terminating',
      false,
    ],
    [report({}, { failure: 'no ConfigMap' }), 'CreateContainerConfigError', false],
    [report({ init: done, proxy: done, app: done }), 'Completed', false],
  ])('%#: is %2$s', (of, word, ready) => {
    expect(isPodReady(POD, of)).toBe(ready);
    expect(describePodStatus(POD, of)).toBe(word);
    const condition = buildPodStatus(POD, of).conditions?.find(({ type }) => type === 'Ready');
    expect(condition?.status).toBe(ready ? 'True' : 'False');
  });
});

describe('judgeProbe()', () => {
  it('passes and fails after its thresholds of equal results', () => {
    const timing = readProbeTiming({ failureThreshold: 2, successThreshold: 2 });
    let count: ProbeCount | undefined;
    const verdicts = [true, false, true, true, false, false].map((success) => {
      count = countResult(count, success);
      return judgeProbe(count, timing);
    });
    expect(verdicts).toEqual(['undecided', 'undecided', 'undecided', 'passed', 'undecided', 'failed']);
  });

  it('has Kubernetes’ defaults', () => {
    expect(readProbeTiming({})).toEqual({
      initialDelayMs: 0,
      periodMs: 10_000,
      timeoutMs: 1000,
      successThreshold: 1,
      failureThreshold: 3,
    });
  });
});
