import { type BackoffConfig, backoffDelayMs } from '#lib/base';
import type { Container } from '#lib/resources';
import type { ContainerReport, ContainerState } from '../core/pod-status.ts';
import type { ContainerProcess } from './container-process.ts';
import { type ProbeLoop, startProbeLoop } from './probe-loop.ts';

export type RestartPolicy = 'Always' | 'OnFailure' | 'Never';

export interface ContainerRunnerOptions {
  readonly container: Container;
  readonly restartPolicy: RestartPolicy;
  readonly graceMs: number;
  /** Starts the process; may throw a MeshError, which goes to `onFailure`, and is then tried again. */
  readonly start: () => ContainerProcess;
  readonly ask: (
    kind: 'startup' | 'readiness' | 'liveness',
    pid: number,
    timeoutMs: number,
  ) => Promise<boolean>;
  /** Hooks around the life of the process. */
  readonly afterStart: (pid: number) => Promise<void>;
  readonly beforeStop: (pid: number) => Promise<void>;
  /** Called after every change of `report()`. */
  readonly onChange: () => void;
  /** What kept the container from starting; undefined when nothing does any more. */
  readonly onFailure: (error: unknown) => void;
}

export interface ContainerRunner {
  readonly container: Container;
  report(): ContainerReport;
  start(): void;
  /** Ends the container for good, within `graceMs`. */
  stop(graceMs: number): Promise<void>;
}

const BACKOFF: BackoffConfig = { minMs: 1000, maxMs: 30_000, jitter: 0 };
/** How long until a container that could not be started is tried again. */
const RETRY_MS = 1000;
/** A container that ran as long as this is started anew at once, as a kubelet does the first time. */
const STABLE_MS = 10_000;

/**
 * Runs one container again and again as its policy has it.
 *
 *   waiting → running (started? ready?) → exited      policy says that was it
 *                ↑          ↓
 *             backoff ← ended, or liveness failed      delays 1 s, 2 s, … 30 s
 */
export function createContainerRunner(options: ContainerRunnerOptions): ContainerRunner {
  const { container } = options;
  let state: ContainerState = { type: 'waiting' };
  let restarts = 0;
  let attempt = 0;
  let current: ContainerProcess | undefined;
  let probes: ProbeLoop[] = [];
  let timer: NodeJS.Timeout | undefined;
  let stopping = false;

  const change = (next: ContainerState) => {
    state = next;
    options.onChange();
  };
  const patchRunning = (patch: { started?: boolean; ready?: boolean }) => {
    if (state.type !== 'running') return;
    if ((patch.started ?? state.started) === state.started && (patch.ready ?? state.ready) === state.ready)
      return;
    change({ ...state, ...patch });
  };
  const stopProbes = () => {
    for (const probe of probes) probe.stop();
    probes = [];
  };

  const watchHealth = (running: ContainerProcess) => {
    const ask = (kind: 'startup' | 'readiness' | 'liveness') => (timeoutMs: number) =>
      options.ask(kind, running.pid, timeoutMs);
    const { readinessProbe, livenessProbe } = container;
    if (readinessProbe === undefined) patchRunning({ started: true, ready: true });
    else {
      patchRunning({ started: true });
      const onVerdict = (verdict: string) => patchRunning({ ready: verdict === 'passed' });
      probes.push(startProbeLoop({ probe: readinessProbe, ask: ask('readiness'), onVerdict, eager: true }));
    }
    if (livenessProbe === undefined) return;
    const onVerdict = (verdict: string) => {
      if (verdict === 'failed') void running.stop(options.graceMs);
    };
    probes.push(startProbeLoop({ probe: livenessProbe, ask: ask('liveness'), onVerdict, eager: false }));
  };
  const watchStart = (running: ContainerProcess) => {
    const { startupProbe } = container;
    if (startupProbe === undefined) return watchHealth(running);
    const onVerdict = (verdict: string) => {
      stopProbes();
      if (verdict === 'passed') watchHealth(running);
      else void running.stop(options.graceMs);
    };
    const ask = (timeoutMs: number) => options.ask('startup', running.pid, timeoutMs);
    probes.push(startProbeLoop({ probe: startupProbe, ask, onVerdict, eager: true }));
  };

  const launch = async () => {
    let running: ContainerProcess;
    try {
      running = options.start();
    } catch (error) {
      options.onFailure(error);
      // What it refers to may come.
      timer = setTimeout(() => void launch(), RETRY_MS);
      return;
    }
    options.onFailure(undefined);
    current = running;
    const startedMs = performance.now();
    change({ type: 'running', started: false, ready: false, pid: running.pid });
    void options.afterStart(running.pid).then(() => {
      if (current === running && !stopping) watchStart(running);
    });
    const exitCode = await running.exited;
    current = undefined;
    stopProbes();
    conclude(exitCode, performance.now() - startedMs >= STABLE_MS);
  };
  const conclude = (exitCode: number, wasStable: boolean) => {
    const again =
      options.restartPolicy === 'Always' || (options.restartPolicy === 'OnFailure' && exitCode !== 0);
    if (stopping || !again) return change({ type: 'exited', exitCode });
    const delayMs = wasStable ? 0 : backoffDelayMs(BACKOFF, attempt, () => 0);
    attempt = wasStable ? 0 : attempt + 1;
    const reason = attempt <= 1 ? (exitCode === 0 ? 'Completed' : 'Error') : 'CrashLoopBackOff';
    change({ type: 'backoff', exitCode, reason });
    timer = setTimeout(() => {
      restarts += 1;
      void launch();
    }, delayMs);
  };

  return {
    container,
    report: () => ({ name: container.name, state, restarts }),
    start: () => {
      if (!stopping) void launch();
    },
    async stop(graceMs) {
      stopping = true;
      clearTimeout(timer);
      stopProbes();
      if (current !== undefined) {
        const endMs = performance.now() + graceMs;
        await options.beforeStop(current.pid);
        await current?.stop(Math.max(0, endMs - performance.now()));
      } else if (state.type === 'backoff') change({ type: 'exited', exitCode: state.exitCode });
    },
  };
}
