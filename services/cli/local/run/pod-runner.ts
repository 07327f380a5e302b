import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Container, Pod } from '#lib/resources';
import { podNetnsName } from '../core/names.ts';
import { isSidecar, type PodReport } from '../core/pod-status.ts';
import { killNetnsProcesses } from '../net/netns.ts';
import { createPodNetwork, deletePodNetwork } from '../net/node-network.ts';
import { execInContainer, type ProcessPlan, startContainerProcess } from './container-process.ts';
import { type ContainerRunner, createContainerRunner, type RestartPolicy } from './container-runner.ts';
import { runLifecycleHook } from './lifecycle.ts';
import { createPodContext, type PodContext, type PodRunnerOptions } from './pod-context.ts';
import { writeNameFiles, writeVolumes } from './pod-files.ts';
import { runProbe } from './probe.ts';
import { planProcess } from './process-plan.ts';

export interface PodRunner {
  readonly pod: Pod;
  readonly podIp: string;
  report(): PodReport;
  /** Brings the files of its volumes up to date. */
  refreshVolumes(): void;
  /** Ends the pod: its containers, then its sidecars, then its network. Resolves when nothing is left of it. */
  stop(options: { readonly drainMs: number; readonly maxGraceMs?: number }): Promise<void>;
}

const DEFAULT_GRACE_SECONDS = 30;

/** Starts a pod and keeps it running. Nothing rejects: what fails is in the report. */
export function startPod(options: PodRunnerOptions): PodRunner {
  const { pod } = options;
  const context = createPodContext(options);
  const inits = (pod.spec.initContainers ?? []).map((container) =>
    createRunner(context, container, initPolicy(container, pod)),
  );
  const mains = pod.spec.containers.map((container) => createRunner(context, container, restartPolicy(pod)));
  const sidecars = inits.filter((runner) => isSidecar(runner.container));
  const started = runPod(context, { inits, mains, sidecars });
  let stopped: Promise<void> | undefined;

  return {
    pod,
    podIp: options.podIp,
    report: () => ({
      podIp: options.podIp,
      nodeIp: options.network.nodeIp,
      startTime: context.startTime,
      terminating: context.terminating,
      failure: context.failure(),
      containers: new Map([...inits, ...mains].map((runner) => [runner.container.name, runner.report()])),
    }),
    refreshVolumes: () => refreshVolumes(context),
    stop(stopOptions) {
      stopped ??= stopPod(context, { inits, mains, sidecars, started }, stopOptions);
      return stopped;
    },
  };
}

interface Runners {
  readonly inits: readonly ContainerRunner[];
  readonly mains: readonly ContainerRunner[];
  readonly sidecars: readonly ContainerRunner[];
}

async function runPod(context: PodContext, { inits, mains, sidecars }: Runners): Promise<void> {
  try {
    context.netns = await createPodNetwork(context.place);
    mkdirSync(join(context.podDir, 'stage'), { recursive: true });
    writeNameFiles(context);
  } catch (error) {
    context.setFailure('network', error);
    return;
  }
  // What a volume refers to may come later: it is looked for again whenever manifests change.
  refreshVolumes(context);
  if (!(await context.until(() => context.failure() === undefined))) return;
  for (const runner of inits) {
    runner.start();
    if (!(await context.until(() => isPassed(runner)))) return;
  }
  for (const runner of mains) {
    runner.start();
    if (!(await context.until(() => !waitsForHook(runner)))) return;
  }
  const over = () => mains.every((runner) => runner.report().state.type === 'exited');
  if (!(await context.until(over))) return;
  await Promise.all(sidecars.map((runner) => runner.stop(graceMs(context.options.pod))));
}

function refreshVolumes(context: PodContext): void {
  try {
    if (context.netns !== undefined && !context.terminating) writeVolumes(context);
    context.setFailure('volumes', undefined);
  } catch (error) {
    // A pod that runs keeps the files it has.
    if (!context.hasVolumes) context.setFailure('volumes', error);
  }
}

/** The next container may start: a sidecar has started, any other init container has succeeded. */
function isPassed(runner: ContainerRunner): boolean {
  const { state } = runner.report();
  if (isSidecar(runner.container)) return state.type === 'running' && state.started;
  return state.type === 'exited' && state.exitCode === 0;
}

/** A postStart hook holds up the containers after it. */
function waitsForHook(runner: ContainerRunner): boolean {
  const { lifecycle, startupProbe } = runner.container;
  const { state } = runner.report();
  const hasHook = (lifecycle as { postStart?: unknown } | undefined)?.postStart !== undefined;
  return hasHook && startupProbe === undefined && state.type === 'running' && !state.started;
}

async function stopPod(
  context: PodContext,
  { inits, mains, sidecars, started }: Runners & { started: Promise<void> },
  { drainMs, maxGraceMs = Number.POSITIVE_INFINITY }: { drainMs: number; maxGraceMs?: number },
): Promise<void> {
  context.terminating = true;
  context.changed();
  await started;
  const endMs = performance.now() + drainMs + Math.min(graceMs(context.options.pod), maxGraceMs);
  const left = () => Math.max(0, endMs - performance.now());
  if (drainMs > 0) await new Promise((resolve) => setTimeout(resolve, drainMs));
  const others = inits.filter((runner) => !sidecars.includes(runner));
  await Promise.all([...mains, ...others].map((runner) => runner.stop(left())));
  for (const runner of [...sidecars].reverse()) await runner.stop(left());
  await killNetnsProcesses([podNetnsName(context.place.instance, context.place)]);
  // It may never have been made whole.
  await deletePodNetwork(context.place).catch(() => {});
  rmSync(context.podDir, { recursive: true, force: true });
}

function createRunner(context: PodContext, container: Container, policy: RestartPolicy): ContainerRunner {
  const { options } = context;
  let plan: ProcessPlan | undefined;
  const exec = (pid: number, timeoutMs: number) => (command: readonly string[]) =>
    plan === undefined ? Promise.resolve(1) : execInContainer(plan, { pid, command, timeoutMs });
  return createContainerRunner({
    container,
    restartPolicy: policy,
    graceMs: graceMs(options.pod),
    start() {
      plan = planProcess(context, container);
      return startContainerProcess(plan);
    },
    ask(kind, pid, timeoutMs) {
      const probe = container[`${kind}Probe`];
      if (probe === undefined) return Promise.resolve(true);
      return runProbe(probe, {
        pod: options.pod,
        podIp: options.podIp,
        timeoutMs,
        exec: exec(pid, timeoutMs),
      });
    },
    afterStart: (pid) =>
      runLifecycleHook(container, 'postStart', { podIp: options.podIp, exec: exec(pid, HOOK_TIMEOUT_MS) }),
    beforeStop: (pid) =>
      runLifecycleHook(container, 'preStop', { podIp: options.podIp, exec: exec(pid, HOOK_TIMEOUT_MS) }),
    onChange: context.changed,
    onFailure: (error) => context.setFailure(container.name, error),
  });
}

const HOOK_TIMEOUT_MS = 120_000;

function graceMs(pod: Pod): number {
  return (pod.spec.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS) * 1000;
}

function restartPolicy(pod: Pod): RestartPolicy {
  const policy = pod.spec.restartPolicy;
  return policy === 'OnFailure' || policy === 'Never' ? policy : 'Always';
}

/** An init container is tried until it succeeds, unless the pod is never restarted. */
function initPolicy(container: Container, pod: Pod): RestartPolicy {
  if (isSidecar(container)) return 'Always';
  return restartPolicy(pod) === 'Never' ? 'Never' : 'OnFailure';
}
